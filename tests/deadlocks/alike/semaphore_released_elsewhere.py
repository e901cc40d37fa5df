import threading

permits = threading.Semaphore(0)
threading.Timer(0.5, permits.release).start()
permits.acquire()
