import time
from concurrent.futures import ThreadPoolExecutor

with ThreadPoolExecutor(max_workers=3) as pool:
    list(pool.map(abs, range(10)))
    time.sleep(0.7)
    list(pool.map(abs, range(10)))
