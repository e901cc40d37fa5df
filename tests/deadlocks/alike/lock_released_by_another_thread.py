# The owner acquires and ends; who releases comes later.
import threading

lock = threading.Lock()
owner = threading.Thread(target=lock.acquire)
owner.start()
owner.join()
threading.Timer(0.6, lock.release).start()
with lock:
    pass
