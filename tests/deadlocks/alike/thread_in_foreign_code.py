# Everybody else waits for a thread that reads from a pipe.
import os
import threading

reading, writing = os.pipe()
done = threading.Event()


def read():
    os.read(reading, 1)
    done.set()


threads = [threading.Thread(target=target) for target in (read, done.wait, done.wait)]
for thread in threads:
    thread.start()
if os.fork() == 0:
    import time

    time.sleep(0.7)
    os.write(writing, b"!")
    os._exit(0)
for thread in threads:
    thread.join()
os.wait()
