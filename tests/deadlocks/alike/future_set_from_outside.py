import threading
from concurrent.futures import Future

future = Future()
threading.Timer(0.6, future.set_result, args=(8,)).start()
assert future.result() == 8
