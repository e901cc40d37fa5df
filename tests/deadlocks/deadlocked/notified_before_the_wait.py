# all_asleep, 2 parties: condition
# notified once while nobody waited
import threading

condition = threading.Condition()


def wait_for_the_signal():
    with condition:
        condition.wait()


with condition:
    condition.notify_all()
thread = threading.Thread(target=wait_for_the_signal)
thread.start()
thread.join()
