import threading
import time

condition = threading.Condition()


def wait():
    with condition, condition:
        condition.wait()


thread = threading.Thread(target=wait)
thread.start()
time.sleep(0.5)
while thread.is_alive():
    with condition:
        condition.notify()
    time.sleep(0.01)
