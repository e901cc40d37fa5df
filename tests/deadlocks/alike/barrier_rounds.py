import threading
import time

meeting = threading.Barrier(4)


def work(number):
    for _ in range(5):
        time.sleep(0.03 * number)
        meeting.wait()


threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
