import threading
import time

first, second = threading.Semaphore(1), threading.Semaphore(1)


def take():
    for _ in range(5):
        with first, second:
            time.sleep(0.03)


threads = [threading.Thread(target=take) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
