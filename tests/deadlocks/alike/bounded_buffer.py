# Condition-heavy: producers and consumers over one lock, with waits that last.
import threading
import time

lock = threading.Lock()
not_empty, not_full = threading.Condition(lock), threading.Condition(lock)
items, got = [], []


def produce():
    for number in range(10):
        with not_full:
            while len(items) >= 2:
                not_full.wait()
            items.append(number)
            not_empty.notify()


def consume():
    for _ in range(10):
        with not_empty:
            while not items:
                not_empty.wait()
            time.sleep(0.02)
            got.append(items.pop(0))
            not_full.notify()


threads = [threading.Thread(target=target) for target in (produce, produce, consume, consume)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert sorted(got) == sorted(list(range(10)) * 2)
