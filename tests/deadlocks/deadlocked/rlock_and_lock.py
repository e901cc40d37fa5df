# probable, 2 parties: table row
import threading

table, row = threading.RLock(), threading.Lock()
both_have_one = threading.Barrier(2)


def take(one, other):
    with one:
        both_have_one.wait()
        with other:
            pass


threads = [threading.Thread(target=take, args=pair) for pair in ((table, row), (row, table))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
