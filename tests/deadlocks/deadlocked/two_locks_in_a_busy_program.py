# probable, 2 parties: first second
# Other threads are awake: a service that goes on while two of its threads do not.
import threading
import time

first, second = threading.Lock(), threading.Lock()
both_have_one = threading.Barrier(2)


def take(one, other):
    with one:
        both_have_one.wait()
        with other:
            pass


threads = [threading.Thread(target=take, args=pair) for pair in ((first, second), (second, first))]
for thread in threads:
    thread.start()
while True:
    time.sleep(0.01)
