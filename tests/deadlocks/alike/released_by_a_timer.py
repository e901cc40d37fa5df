import threading

lock = threading.Lock()
timer = threading.Timer(0.5, lock.release)
lock.acquire()
timer.start()
with lock:
    pass
