import threading
import time

condition = threading.Condition()
ready = False


def notify():
    global ready
    time.sleep(0.6)
    with condition:
        ready = True
        condition.notify_all()


thread = threading.Thread(target=notify)
thread.start()
with condition:
    while not ready:
        condition.wait()
thread.join()
