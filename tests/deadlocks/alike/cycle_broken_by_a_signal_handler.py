# A cycle with the main thread in it, whose handler raises.
import signal
import threading

first, second = threading.RLock(), threading.RLock()
both_have_one = threading.Barrier(2)


class EnoughError(Exception):
    pass


def give_up(*_):
    raise EnoughError


def other_way():
    with second:
        both_have_one.wait()
        with first:
            pass


signal.signal(signal.SIGALRM, give_up)
thread = threading.Thread(target=other_way)
thread.start()
try:
    with first:
        both_have_one.wait()
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        with second:
            pass
except EnoughError:
    pass
thread.join()
