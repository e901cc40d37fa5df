# A Lock that one thread acquires twice, to wait until another one releases it.
import threading

signal = threading.Lock()
signal.acquire()
thread = threading.Timer(0.5, signal.release)
thread.start()
signal.acquire()
thread.join()
