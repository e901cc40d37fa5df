import threading
import time

first, second = threading.Lock(), threading.Lock()


def work():
    for _ in range(10):
        with first:
            time.sleep(0.01)
            with second:
                time.sleep(0.01)


threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
