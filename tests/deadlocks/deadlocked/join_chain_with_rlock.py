# certain, 3 parties: state
import threading

state = threading.RLock()


def work():
    with state:
        pass


def supervise():
    worker.start()
    worker.join()


worker = threading.Thread(target=work)
supervisor = threading.Thread(target=supervise)
with state:
    supervisor.start()
    supervisor.join()
