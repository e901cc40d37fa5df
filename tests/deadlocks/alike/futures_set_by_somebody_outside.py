# Both workers wait for what neither of them brings.
import threading
from concurrent.futures import Future, ThreadPoolExecutor

futures = [Future(), Future()]
with ThreadPoolExecutor(max_workers=2) as pool:
    outers = [pool.submit(future.result) for future in futures]
    for future in futures:
        threading.Timer(0.6, future.set_result, args=(8,)).start()
    assert [outer.result() for outer in outers] == [8, 8]
