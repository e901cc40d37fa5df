# all_asleep, 2 parties:
from concurrent.futures import ThreadPoolExecutor


def outer():
    return pool.submit(pow, 2, 3).result()


with ThreadPoolExecutor(max_workers=1) as pool:
    pool.submit(outer).result()
