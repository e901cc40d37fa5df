"""Ctrl-C ends a blocking call of the main thread and leaves nothing behind.

Usage: ``interrupt.py CASE``, or without a case to list them. Prints the milliseconds from the signal to the
exception.
"""

import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import harness

TIMEOUT = 600.0


# The standard library loses a signal that comes after its last look for one and before its sleep.
SENT_AGAIN_AFTER = 5.0


class Sender:
    """Sends SIGINT once the main thread is blocked: one to raddle, to the standard library until it hears one."""

    def __init__(self) -> None:
        """Knows no time yet."""
        self.sent = 0.0
        self.heard = False

    def run(self) -> None:
        """Waits until the main thread is blocked, then interrupts the process."""
        harness.wait_until_blocked([threading.main_thread()])
        self.send()
        while not (harness.IS_RADDLE or self.heard):
            time.sleep(0.001)
            if not self.heard and time.perf_counter() > self.sent + SENT_AGAIN_AFTER:
                self.send()

    def send(self) -> None:
        """Interrupts the process."""
        self.sent = time.perf_counter()
        os.kill(os.getpid(), signal.SIGINT)


@contextmanager
def interrupted() -> Iterator[None]:
    """The body must block and must be ended by KeyboardInterrupt."""
    sender = Sender()
    thread = harness.start_thread(sender.run)
    try:
        yield
    except KeyboardInterrupt:
        sender.heard = True
        print(f"{(time.perf_counter() - sender.sent) * 1000:.3f}")
    else:
        raise AssertionError("the call was not interrupted")
    harness.join_all([thread])


def in_thread(function: Callable[[], object]) -> object:
    """Runs a function in another thread and returns its result."""
    results: list[object] = []
    harness.join_all([harness.start_thread(lambda: results.append(function()))])
    return results[0]


def lock_acquire(*arguments: object) -> None:
    """Lock.acquire."""
    lock = threading.Lock()
    lock.acquire()
    with interrupted():
        lock.acquire(*arguments)
    assert lock.locked()
    lock.release()
    assert lock.acquire(False)
    lock.release()
    assert not lock.locked()


def lock_with() -> None:
    """``with lock``: the body does not run and the lock is not released."""
    lock = threading.Lock()
    lock.acquire()
    entered = False
    with interrupted(), lock:
        entered = True
    assert not entered
    assert lock.locked()
    lock.release()


def rlock_acquire(*arguments: object) -> None:
    """RLock.acquire while another thread holds it."""
    lock = threading.RLock()
    held, finish = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            held.set()
            finish.wait()

    holder = harness.start_thread(hold)
    held.wait()
    with interrupted():
        lock.acquire(*arguments)
    assert not lock._is_owned()
    finish.set()
    harness.join_all([holder])
    assert lock.acquire(False)
    lock.release()
    assert in_thread(lambda: lock.acquire(False))


def condition_wait(make_lock: Callable[[], object] | None, timeout: float | None) -> None:
    """Condition.wait: the lock is taken again before the exception and no waiter stays behind."""
    condition = threading.Condition(make_lock() if make_lock else None)
    with interrupted(), condition:
        try:
            condition.wait(timeout)
        finally:
            assert condition._is_owned()
            assert not in_thread(lambda: condition.acquire(False))
    assert len(condition._waiters) == 0
    assert in_thread(lambda: condition.acquire(False) and (condition.release() or True))
    notification_reaches_the_next_waiter(condition)


def notification_reaches_the_next_waiter(condition: threading.Condition) -> None:
    """A notification is not lost to the waiter that has gone."""
    woken = []

    def waiter() -> None:
        with condition:
            woken.append(condition.wait(harness.TIME_BOX))

    thread = harness.start_thread(waiter)
    harness.wait_until_blocked([thread])
    with condition:
        condition.notify()
    harness.join_all([thread])
    assert woken == [True]


def condition_wait_for() -> None:
    """Condition.wait_for."""
    condition = threading.Condition()
    with interrupted(), condition:
        condition.wait_for(lambda: False)
    assert len(condition._waiters) == 0
    notification_reaches_the_next_waiter(condition)


def event_wait(*arguments: object) -> None:
    """Event.wait."""
    event = threading.Event()
    with interrupted():
        event.wait(*arguments)
    assert not event.is_set()
    event.set()
    assert event.wait()


def semaphore_acquire(*arguments: object) -> None:
    """Semaphore.acquire: no permit is lost."""
    semaphore = threading.Semaphore(0)
    with interrupted():
        semaphore.acquire(*arguments)
    semaphore.release()
    assert semaphore.acquire(False)
    assert not semaphore.acquire(False)


def barrier_wait(*arguments: object) -> None:
    """Barrier.wait: the interrupted thread no longer counts as waiting."""
    barrier = threading.Barrier(2)
    with interrupted():
        barrier.wait(*arguments)
    assert barrier.n_waiting == 0
    barrier.reset()
    thread = harness.start_thread(barrier.wait)
    barrier.wait(harness.TIME_BOX)
    harness.join_all([thread])


def queue_get(make: Callable[[], Any], *arguments: object) -> None:
    """Queue.get: an item put later is not lost to the getter that has gone."""
    subject = make()
    with interrupted():
        subject.get(*arguments)
    subject.put("item")
    assert subject.get(timeout=harness.TIME_BOX) == "item"
    assert subject.empty()


def queue_put(*arguments: object) -> None:
    """Queue.put into a full queue: the item is not put."""
    subject: queue.Queue = queue.Queue(1)
    subject.put("first")
    with interrupted():
        subject.put("second", *arguments)
    assert subject.get() == "first"
    assert subject.empty()
    assert subject.unfinished_tasks == 1
    subject.put("third", False)
    assert subject.get() == "third"


def queue_join() -> None:
    """Queue.join."""
    subject: queue.Queue = queue.Queue()
    subject.put("task")
    with interrupted():
        subject.join()
    subject.task_done()
    subject.join()


def thread_join(*arguments: object) -> None:
    """Thread.join: the thread can still be joined."""
    finish = threading.Event()
    thread = harness.start_thread(finish.wait)
    with interrupted():
        thread.join(*arguments)
    # Up to 3.12 the interrupted join of the stock Thread takes the thread for dead, whatever lock it uses.
    assert thread.is_alive() or sys.version_info < (3, 13)
    finish.set()
    harness.join_all([thread])


CASES: dict[str, Callable[[], None]] = {
    "Lock.acquire()": lock_acquire,
    "Lock.acquire(timeout)": lambda: lock_acquire(True, TIMEOUT),
    "with Lock": lock_with,
    "RLock.acquire()": rlock_acquire,
    "RLock.acquire(timeout)": lambda: rlock_acquire(True, TIMEOUT),
    "Condition.wait()": lambda: condition_wait(None, None),
    "Condition.wait(timeout)": lambda: condition_wait(None, TIMEOUT),
    "Condition(Lock).wait()": lambda: condition_wait(threading.Lock, None),
    "Condition(Lock).wait(timeout)": lambda: condition_wait(threading.Lock, TIMEOUT),
    "Condition(Python lock).wait()": lambda: condition_wait(harness.PythonLock, None),
    "Condition.wait_for()": condition_wait_for,
    "Event.wait()": event_wait,
    "Event.wait(timeout)": lambda: event_wait(TIMEOUT),
    "Semaphore.acquire()": semaphore_acquire,
    "Semaphore.acquire(timeout)": lambda: semaphore_acquire(True, TIMEOUT),
    "Barrier.wait()": barrier_wait,
    "Barrier.wait(timeout)": lambda: barrier_wait(TIMEOUT),
    "Queue.get()": lambda: queue_get(queue.Queue),
    "Queue.get(timeout)": lambda: queue_get(queue.Queue, True, TIMEOUT),
    "Queue.get() with hooks": lambda: queue_get(harness.PythonQueue),
    "SimpleQueue.get()": lambda: queue_get(queue.SimpleQueue),
    "SimpleQueue.get(timeout)": lambda: queue_get(queue.SimpleQueue, True, TIMEOUT),
    "PriorityQueue.get()": lambda: queue_get(queue.PriorityQueue),
    "Queue.put()": queue_put,
    "Queue.put(timeout)": lambda: queue_put(True, TIMEOUT),
    "Queue.join()": queue_join,
    "Thread.join()": thread_join,
    "Thread.join(timeout)": lambda: thread_join(TIMEOUT),
}

if __name__ == "__main__":
    if len(sys.argv) == 1:
        print(*CASES, sep="\n")
    else:
        harness.start()
        CASES[sys.argv[1]]()
