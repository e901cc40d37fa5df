import signal
import threading


def release(*_):
    stop.set()


stop = threading.Event()
signal.signal(signal.SIGALRM, release)
signal.setitimer(signal.ITIMER_REAL, 0.5)
thread = threading.Thread(target=stop.wait)
thread.start()
thread.join()
