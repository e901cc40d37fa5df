import itertools
import threading
import time

chain = [threading.Lock() for _ in range(20)]


def walk():
    chain[0].acquire()
    for held, following in itertools.pairwise(chain):
        following.acquire()
        held.release()
        time.sleep(0.01)
    chain[-1].release()


threads = [threading.Thread(target=walk) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
