# certain, 2 parties:
import threading

both_run = threading.Barrier(2)


def wait_for(index):
    both_run.wait()
    threads[1 - index].join()


threads = [threading.Thread(target=wait_for, args=(index,)) for index in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
