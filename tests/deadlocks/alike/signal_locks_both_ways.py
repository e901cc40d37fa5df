# Two threads hand the turn back and forth through two Locks.
import threading
import time

ping, pong = threading.Lock(), threading.Lock()
ping.acquire()
pong.acquire()


def answer():
    for _ in range(3):
        ping.acquire()
        time.sleep(0.2)
        pong.release()


thread = threading.Thread(target=answer)
thread.start()
for _ in range(3):
    ping.release()
    pong.acquire()
thread.join()
