import threading
import time

import raddle

lock = raddle.RWLock()


def write():
    with lock.writer:
        time.sleep(0.3)
        lock.writer.downgrade()
        time.sleep(0.1)
        lock.reader.release()
        lock.writer.acquire()


def read():
    for _ in range(2):
        with lock.reader, lock.reader:
            time.sleep(0.2)


threads = [threading.Thread(target=work) for work in (read, write, read, write, read)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
with lock.reader:
    assert not lock.writer.acquire(timeout=0.6)
