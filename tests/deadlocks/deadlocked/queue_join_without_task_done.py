# all_asleep, 1 party: tasks
import queue

tasks = queue.Queue()
tasks.put("never done")
tasks.get()
tasks.join()
