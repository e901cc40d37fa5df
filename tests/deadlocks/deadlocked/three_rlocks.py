# certain, 3 parties: locks[0] locks[1] locks[2]
import threading

locks = [threading.RLock() for _ in range(3)]
all_have_one = threading.Barrier(3)


def take_two(index):
    with locks[index]:
        all_have_one.wait()
        with locks[(index + 1) % 3]:
            pass


threads = [threading.Thread(target=take_two, args=(index,)) for index in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
