# all_asleep, 1 party: tasks
import queue

tasks = queue.Queue(maxsize=1)
tasks.put(1)
tasks.put(2)
