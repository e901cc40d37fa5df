import queue
import signal
import threading

tasks = queue.Queue()
signal.signal(signal.SIGALRM, lambda *_: None)
worker = threading.Thread(target=tasks.get)
worker.start()
signal.setitimer(signal.ITIMER_REAL, 0.7)
signal.pause()
tasks.put(None)
worker.join()
