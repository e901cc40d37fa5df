# certain, 2 parties: outer inner
import threading

inner = threading.RLock()
outer = threading.Condition()
both_have_one = threading.Barrier(2)


def through_the_condition():
    with outer:
        both_have_one.wait()
        with inner:
            pass


def through_the_lock():
    with inner:
        both_have_one.wait()
        with outer:
            outer.notify()


threads = [threading.Thread(target=target) for target in (through_the_condition, through_the_lock)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
