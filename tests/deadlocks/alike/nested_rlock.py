import threading
import time

lock = threading.RLock()


def descend(depth):
    with lock:
        if depth:
            descend(depth - 1)
        else:
            time.sleep(0.2)


threads = [threading.Thread(target=descend, args=(20,)) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
