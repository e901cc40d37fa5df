import time
from concurrent.futures import ThreadPoolExecutor


def outer():
    return pool.submit(time.sleep, 0.6).result()


with ThreadPoolExecutor(max_workers=2) as pool:
    pool.submit(outer).result()
