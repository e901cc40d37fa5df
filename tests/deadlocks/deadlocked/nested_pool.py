# probable, 1 party: inner
# the only worker of the pool
from concurrent.futures import ThreadPoolExecutor


def outer():
    inner = pool.submit(pow, 2, 3)
    return inner.result()


with ThreadPoolExecutor(max_workers=1) as pool:
    pool.submit(outer).result()
