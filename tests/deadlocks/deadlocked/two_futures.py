# all_asleep, 3 parties:
import threading
from concurrent.futures import ThreadPoolExecutor


def wait_on(name):
    both_are_there.wait()
    return futures[name].result()


both_are_there = threading.Event()
with ThreadPoolExecutor(max_workers=2) as pool:
    futures = {"first": pool.submit(wait_on, "second"), "second": pool.submit(wait_on, "first")}
    both_are_there.set()
    futures["first"].result()
