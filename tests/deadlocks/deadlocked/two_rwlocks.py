# certain, 2 parties: prices stock
# for the write lock of the RWLock
import threading

import raddle

prices, stock = raddle.RWLock(), raddle.RWLock()
both_have_one = threading.Barrier(2)


def look_and_change(source, target):
    with source.reader:
        both_have_one.wait()
        with target.writer:
            pass


threads = [threading.Thread(target=look_and_change, args=pair) for pair in ((prices, stock), (stock, prices))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
