# probable, 2 parties:
# works
import threading
import time
from concurrent.futures import ThreadPoolExecutor


def wait_on(name):
    both_are_there.wait()
    return futures[name].result()


both_are_there = threading.Event()
pool = ThreadPoolExecutor(max_workers=2)
futures = {"first": pool.submit(wait_on, "second"), "second": pool.submit(wait_on, "first")}
both_are_there.set()
while not futures["first"].done():
    time.sleep(0.01)
