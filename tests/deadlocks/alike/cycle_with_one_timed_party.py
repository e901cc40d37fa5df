import threading

first, second = threading.RLock(), threading.RLock()
both_have_one = threading.Barrier(2)


def patient():
    with first:
        both_have_one.wait()
        with second:
            pass


def impatient():
    with second:
        both_have_one.wait()
        if first.acquire(timeout=0.5):
            first.release()


threads = [threading.Thread(target=target) for target in (patient, impatient)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
