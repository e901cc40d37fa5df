# probable, 2 parties: inner
# all 2 workers of the pool
import threading
import time
from concurrent.futures import ThreadPoolExecutor


def outer():
    both_run.wait()
    inner = pool.submit(pow, 2, 3)
    return inner.result()


both_run = threading.Barrier(2)
pool = ThreadPoolExecutor(max_workers=2)
outers = [pool.submit(outer) for _ in range(2)]
while not all(future.done() for future in outers):
    time.sleep(0.01)
