# certain, 2 parties: other.guard
import threading


class Account:
    def __init__(self):
        self.guard = threading.RLock()

    def move_to(self, other):
        with self.guard:
            both_have_one.wait()
            with other.guard:
                pass


def run():
    one, two = Account(), Account()
    threads = [threading.Thread(target=one.move_to, args=(two,)), threading.Thread(target=two.move_to, args=(one,))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


both_have_one = threading.Barrier(2)
run()
