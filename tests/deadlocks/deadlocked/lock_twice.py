# all_asleep, 1 party: counter
import threading

counter = threading.Lock()


def increment():
    with counter:
        pass


with counter:
    increment()
