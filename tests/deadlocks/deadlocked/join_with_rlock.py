# certain, 2 parties: state
import threading

state = threading.RLock()


def work():
    with state:
        pass


worker = threading.Thread(target=work)
with state:
    worker.start()
    worker.join()
