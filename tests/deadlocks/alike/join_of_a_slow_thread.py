import threading
import time

lock = threading.RLock()
thread = threading.Thread(target=time.sleep, args=(0.7,))
with lock:
    thread.start()
    thread.join()
