# One worker waits for a task that the other one will make, which is busy with something else.
import threading
from concurrent.futures import ThreadPoolExecutor


def slow():
    is_busy.set()
    return never.wait(timeout=5)


def outer():
    return pool.submit(pow, 2, 3).result()


never, is_busy = threading.Event(), threading.Event()
with ThreadPoolExecutor(max_workers=2) as pool:
    busy = pool.submit(slow)
    is_busy.wait()
    assert pool.submit(outer).result() == 8
    assert not busy.result()
