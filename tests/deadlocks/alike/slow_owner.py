# A long critical section keeps many waiting.
import threading
import time

lock = threading.RLock()


def work():
    with lock:
        time.sleep(0.3)


threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
