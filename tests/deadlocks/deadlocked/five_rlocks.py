# certain, 5 parties: forks[0] forks[4]
import threading

forks = [threading.RLock() for _ in range(5)]
all_have_one = threading.Barrier(5)


def dine(seat):
    with forks[seat]:
        all_have_one.wait()
        with forks[(seat + 1) % 5]:
            pass


threads = [threading.Thread(target=dine, args=(seat,)) for seat in range(5)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
