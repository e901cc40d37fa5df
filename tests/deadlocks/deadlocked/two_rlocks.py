# certain, 2 parties: first_account second_account
import threading

first_account, second_account = threading.RLock(), threading.RLock()
both_have_one = threading.Barrier(2)


def transfer(source, target):
    with source:
        both_have_one.wait()
        with target:
            pass


threads = [
    threading.Thread(target=transfer, args=pair)
    for pair in ((first_account, second_account), (second_account, first_account))
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
