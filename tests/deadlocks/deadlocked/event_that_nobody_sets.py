# all_asleep, 2 parties: ready
import threading

ready = threading.Event()
thread = threading.Thread(target=ready.wait)
thread.start()
thread.join()
