# All workers wait for work, and the main thread for SIGTERM: nothing is wrong.
import os
import queue
import signal
import threading

stop, tasks = threading.Event(), queue.Queue()
signal.signal(signal.SIGTERM, lambda *_: stop.set())


def work():
    while tasks.get() is not None:
        pass


workers = [threading.Thread(target=work) for _ in range(4)]
for worker in workers:
    worker.start()
# Somebody else ends it, after it was idle for a while.
if os.fork() == 0:
    import time

    time.sleep(0.7)
    os.kill(os.getppid(), signal.SIGTERM)
    os._exit(0)
stop.wait()
for _ in workers:
    tasks.put(None)
for worker in workers:
    worker.join()
os.wait()
