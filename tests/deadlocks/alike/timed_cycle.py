import threading

first, second = threading.RLock(), threading.RLock()
both_have_one = threading.Barrier(2)


def take(one, other):
    with one:
        both_have_one.wait()
        if other.acquire(timeout=0.5):
            other.release()


threads = [threading.Thread(target=take, args=pair) for pair in ((first, second), (second, first))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
