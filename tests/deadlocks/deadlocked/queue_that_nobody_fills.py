# all_asleep, 3 parties: tasks
import queue
import threading

tasks = queue.Queue()
threads = [threading.Thread(target=tasks.get) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
