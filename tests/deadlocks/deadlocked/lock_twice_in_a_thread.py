# all_asleep, 2 parties: counter
import threading

counter = threading.Lock()


def increment():
    with counter, counter:
        pass


thread = threading.Thread(target=increment)
thread.start()
thread.join()
