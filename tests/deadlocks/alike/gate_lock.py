# Both orders occur, but never at once: a third lock keeps them apart.
import threading
import time

gate, first, second = threading.Lock(), threading.Lock(), threading.Lock()


def take(one, other):
    for _ in range(5):
        with gate, one:
            time.sleep(0.03)
            with other:
                time.sleep(0.03)


threads = [threading.Thread(target=take, args=pair) for pair in ((first, second), (second, first))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
