"""Waits inside waits: a signal handler that runs while the main thread waits, and itself waits.

Usage: ``nested.py CASE``, or without a case to list them.
"""

import os
import queue
import signal
import sys
import threading
from collections.abc import Callable

import harness


def with_handler(handler: Callable[[], None], blocking: Callable[[], object], finish: Callable[[], None]) -> object:
    """Blocks the main thread, has the handler run in it, and then lets ``finish`` end all waits.

    ``finish`` is called by another thread as soon as the handler has begun and the main thread is blocked again.
    """
    begun = []

    def handle(number: int, frame: object) -> None:
        begun.append(True)
        handler()

    def drive() -> None:
        harness.wait_until_blocked([threading.main_thread()])
        os.kill(os.getpid(), signal.SIGUSR1)
        harness.wait_until(lambda: begun, "the signal handler")
        harness.wait_until_blocked([threading.main_thread()])
        finish()

    signal.signal(signal.SIGUSR1, handle)
    driver = harness.start_thread(drive)
    result = blocking()
    harness.join_all([driver])
    return result


def lock_then_event() -> None:
    """A wait for a lock, and in the handler a wait for an event."""
    lock, event = threading.Lock(), threading.Event()
    lock.acquire()
    in_handler = []

    def finish() -> None:
        event.set()
        harness.wait_until(lambda: in_handler, "the end of the handler")
        lock.release()

    assert with_handler(lambda: in_handler.append(event.wait()), lock.acquire, finish) is True
    assert in_handler == [True]
    assert lock.locked()


def condition_then_queue() -> None:
    """A wait for a condition, and in the handler a wait for an item. The notification comes while both wait."""
    condition, items = threading.Condition(), queue.Queue()
    in_handler = []

    def finish() -> None:
        with condition:
            condition.notify()
        items.put("item")

    def blocking() -> bool:
        with condition:
            return condition.wait(harness.TIME_BOX)

    assert with_handler(lambda: in_handler.append(items.get()), blocking, finish) is True
    assert in_handler == ["item"]


def same_queue() -> None:
    """A get, and in the handler a get from the same queue: each receives one of two items."""
    items: queue.Queue = queue.Queue()
    in_handler = []

    def finish() -> None:
        items.put("first")
        items.put("second")

    outer = with_handler(lambda: in_handler.append(items.get()), items.get, finish)
    assert {outer, *in_handler} == {"first", "second"}
    assert items.empty()


def same_bounded_queue() -> None:
    """A put into a full queue, and in the handler a put into the same queue: both items arrive.

    Two places are made: the first one belongs to the outer put, which cannot go on before the handler ends.
    """
    items: queue.Queue = queue.Queue(2)
    items.put("first")
    items.put("second")
    received = []

    def finish() -> None:
        received.extend(items.get(timeout=harness.TIME_BOX) for _ in range(4))

    with_handler(lambda: items.put("handler"), lambda: items.put("outer"), finish)
    assert received[:2] == ["first", "second"]
    assert sorted(received[2:]) == ["handler", "outer"]


def same_condition() -> None:
    """A wait for a condition, and in the handler a wait for the same one: both are notified."""
    condition = threading.Condition()
    in_handler = []

    def wait() -> bool:
        with condition:
            return condition.wait(harness.TIME_BOX)

    def finish() -> None:
        with condition:
            assert len(condition._waiters) == 2
            condition.notify_all()

    assert with_handler(lambda: in_handler.append(wait()), wait, finish) is True
    assert in_handler == [True]
    assert len(condition._waiters) == 0


def same_semaphore() -> None:
    """An acquire, and in the handler an acquire of the same semaphore: two permits serve both."""
    semaphore = threading.Semaphore(0)
    in_handler = []

    def finish() -> None:
        semaphore.release(2)

    outer = with_handler(lambda: in_handler.append(semaphore.acquire()), semaphore.acquire, finish)
    assert outer is True
    assert in_handler == [True]
    assert not semaphore.acquire(False)


def handler_sets_event() -> None:
    """A wait for an event that the handler itself sets."""
    event = threading.Event()
    signal.signal(signal.SIGUSR1, lambda *_: event.set())

    def drive() -> None:
        harness.wait_until_blocked([threading.main_thread()])
        os.kill(os.getpid(), signal.SIGUSR1)

    driver = harness.start_thread(drive)
    assert event.wait(harness.TIME_BOX)
    harness.join_all([driver])


def handler_raises() -> None:
    """An exception from the handler ends the wait and is what the caller sees."""
    items: queue.Queue = queue.Queue()

    def fail() -> None:
        raise LookupError("from the handler")

    def drive() -> None:
        harness.wait_until_blocked([threading.main_thread()])
        os.kill(os.getpid(), signal.SIGUSR1)

    signal.signal(signal.SIGUSR1, lambda *_: fail())
    driver = harness.start_thread(drive)
    try:
        items.get()
    except LookupError as error:
        assert str(error) == "from the handler"
    else:
        raise AssertionError("the exception was lost")
    harness.join_all([driver])
    items.put("item")
    assert items.get(False) == "item"


def handler_returns() -> None:
    """A handler that only returns does not end a wait, and a timeout is not prolonged by many signals."""
    lock = threading.Lock()
    lock.acquire()
    handled = []
    signal.signal(signal.SIGUSR1, lambda *_: handled.append(True))

    def drive() -> None:
        for count in range(1, 51):
            harness.wait_until_blocked([threading.main_thread()])
            os.kill(os.getpid(), signal.SIGUSR1)
            harness.wait_until(lambda count=count: len(handled) >= count, "the handler")
        lock.release()

    driver = harness.start_thread(drive)
    assert lock.acquire(timeout=harness.TIME_BOX)
    harness.join_all([driver])
    assert len(handled) == 50


CASES: dict[str, Callable[[], None]] = {
    "lock, in the handler an event": lock_then_event,
    "condition, in the handler a queue": condition_then_queue,
    "get, in the handler a get": same_queue,
    "put, in the handler a put": same_bounded_queue,
    "condition, in the handler the same": same_condition,
    "semaphore, in the handler the same": same_semaphore,
    "the handler sets the event": handler_sets_event,
    "the handler raises": handler_raises,
    "the handler returns": handler_returns,
}

if __name__ == "__main__":
    if len(sys.argv) == 1:
        print(*CASES, sep="\n")
    else:
        harness.start()
        CASES[sys.argv[1]]()
