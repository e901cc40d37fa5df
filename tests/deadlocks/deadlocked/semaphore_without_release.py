# all_asleep, 2 parties: connections
import threading

connections = threading.Semaphore(1)


def use_two():
    connections.acquire()
    connections.acquire()


thread = threading.Thread(target=use_two)
thread.start()
thread.join()
