# probable, 2 parties: state inner
# all 2 workers of the pool
import threading
from concurrent.futures import ThreadPoolExecutor


def first():
    with state:
        both_run.wait()
        inner = pool.submit(pow, 2, 3)
        return inner.result()


def second():
    both_run.wait()
    with state:
        return 8


state, both_run = threading.Lock(), threading.Barrier(2)
with ThreadPoolExecutor(max_workers=2) as pool:
    for outer in [pool.submit(first), pool.submit(second)]:
        outer.result()
