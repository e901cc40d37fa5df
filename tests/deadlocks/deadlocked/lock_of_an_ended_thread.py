# all_asleep, 1 party: leaked
import threading

leaked = threading.Lock()
thread = threading.Thread(target=leaked.acquire)
thread.start()
thread.join()
with leaked:
    pass
