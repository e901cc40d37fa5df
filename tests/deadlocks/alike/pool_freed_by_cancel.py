# The only worker waits for a task behind itself in the queue, until that one is cancelled.
import threading
from concurrent.futures import CancelledError, ThreadPoolExecutor


def outer():
    inner.append(pool.submit(pow, 2, 3))
    try:
        inner[0].result()
    except CancelledError:
        return "freed"


inner = []
with ThreadPoolExecutor(max_workers=1) as pool:
    future = pool.submit(outer)
    timer = threading.Timer(0.6, lambda: inner[0].cancel())
    timer.start()
    assert future.result() == "freed"
