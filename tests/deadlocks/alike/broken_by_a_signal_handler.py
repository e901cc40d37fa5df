# The main thread waits for a lock that it has, and its handler releases that.
import signal
import threading

lock = threading.Lock()
signal.signal(signal.SIGALRM, lambda *_: lock.release())
signal.setitimer(signal.ITIMER_REAL, 0.5)
lock.acquire()
lock.acquire()
