# Who has said that the work begins waits for a lock of who waits for the result, but another thread sets that.
import threading
from concurrent.futures import Future


def begin():
    assert future.set_running_or_notify_cancel()
    has_begun.set()
    with state:
        pass


state, has_begun, future = threading.RLock(), threading.Event(), Future()
with state:
    beginner = threading.Thread(target=begin)
    beginner.start()
    has_begun.wait()
    threading.Timer(0.6, future.set_result, args=(8,)).start()
    assert future.result() == 8
beginner.join()
