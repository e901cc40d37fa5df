# certain, 1 party: leaked
import threading

leaked = threading.RLock()
thread = threading.Thread(target=leaked.acquire)
thread.start()
thread.join()
with leaked:
    pass
