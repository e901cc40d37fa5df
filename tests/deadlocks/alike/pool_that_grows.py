# The only worker waits for a task behind itself, until the program lets the pool have another one.
import threading
from concurrent.futures import ThreadPoolExecutor


def outer():
    return pool.submit(pow, 2, 3).result()


def grow():
    pool._max_workers = 2
    pool.submit(abs, -1)


with ThreadPoolExecutor(max_workers=1) as pool:
    threading.Timer(0.6, grow).start()
    assert pool.submit(outer).result() == 8
