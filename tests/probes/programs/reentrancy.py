"""Re-entering a queue from code that the interpreter runs at any point: finalizers, weakref callbacks, handlers.

Usage: ``reentrancy.py CASE``, or without a case to list them. The standard library promises this for SimpleQueue
only; raddle promises it for Queue too, so that the cases of Queue run on the other one there.
"""

import gc
import itertools
import queue
import signal
import sys
import weakref
from collections import Counter
from collections.abc import Callable
from typing import Any

import harness

ROUNDS = 20_000


# The queue of the cases that do not name one.
make_queue: Callable[[], Any] = queue.Queue if harness.IS_RADDLE else queue.SimpleQueue


class Node:
    """Garbage in a cycle, so that only the collector finds it."""

    def __init__(self) -> None:
        """Refers to itself."""
        self.itself = self


def drain(subject: Any) -> list[Any]:
    """Everything that is in a queue."""
    return [subject.get(False) for _ in range(subject.qsize())]


def hammer_during_collections(reenter: Callable[[Any, Any], object], subject: Any) -> tuple[Counter, Counter]:
    """Puts and gets while the collector runs all the time and ``reenter`` is called from it."""
    put: Counter = Counter()
    got: Counter = Counter()
    numbers = itertools.count()
    old = gc.get_threshold()
    gc.set_threshold(5)
    try:
        for _ in range(ROUNDS):
            reenter(numbers, put)
            number = next(numbers)
            put[number] += 1
            subject.put(number)
            got[subject.get()] += 1
    finally:
        gc.set_threshold(*old)
    gc.collect()
    got.update(drain(subject))
    return put, got


def finalizer_puts(make: Callable[[], Any] = make_queue) -> None:
    """``__del__`` puts into the queue on which the interrupted code is working."""
    subject = make()

    def reenter(numbers: Any, put: Counter) -> None:
        class Finalized(Node):
            def __del__(self) -> None:
                number = next(numbers)
                put[number] += 1
                subject.put(number)

        Finalized()

    check(*hammer_during_collections(reenter, subject))


def finalizer_gets(make: Callable[[], Any] = make_queue) -> None:
    """``__del__`` puts and gets and asks for the size."""
    subject = make()
    received: Counter = Counter()

    def reenter(numbers: Any, put: Counter) -> None:
        class Finalized(Node):
            def __del__(self) -> None:
                number = next(numbers)
                put[number] += 1
                subject.put(number)
                received[subject.get(False)] += 1
                assert subject.qsize() >= 0

        Finalized()

    put, got = hammer_during_collections(reenter, subject)
    check(put, got + received)


def callback_puts(make: Callable[[], Any] = make_queue) -> None:
    """A weakref callback puts into the queue."""
    subject = make()
    references = []

    def reenter(numbers: Any, put: Counter) -> None:
        def called(reference: Any) -> None:
            number = next(numbers)
            put[number] += 1
            subject.put(number)

        references.append(weakref.ref(Node(), called))

    check(*hammer_during_collections(reenter, subject))


def handler_puts_and_gets(make: Callable[[], Any] = make_queue) -> None:
    """A signal handler puts and gets, a thousand times a second, while the main thread does the same."""
    subject = make()
    put: Counter = Counter()
    got: Counter = Counter()
    numbers = itertools.count()
    handled = []

    def handle(number: int, frame: object) -> None:
        item = next(numbers)
        put[item] += 1
        subject.put(item)
        got[subject.get(False)] += 1
        handled.append(True)

    signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    while len(handled) < 300:
        for _ in range(100):
            item = next(numbers)
            put[item] += 1
            subject.put(item)
            got[subject.get()] += 1
    signal.setitimer(signal.ITIMER_REAL, 0)
    got.update(drain(subject))
    check(put, got)


def item_reenters_when_dropped(make: Callable[[], Any] = make_queue) -> None:
    """The finalizer of an item uses the queue that drops it, in every way in which a queue can drop an item."""
    finalized = []

    class Item:
        def __init__(self, subject: Any) -> None:
            self.subject = subject

        def __del__(self) -> None:
            self.subject.qsize()
            self.subject.put("from a finalizer")
            finalized.append(self.subject.get(False))

    subject = make()
    for _ in range(1000):
        subject.put(Item(subject))
        subject.get(False)
    assert len(finalized) == 1000
    if not isinstance(subject, queue.Queue):
        return
    subject.put(Item(subject))
    subject.queue.clear()
    assert len(finalized) == 1001


def shutdown_drops_items() -> None:
    """The finalizer of an item that an immediate shutdown drops uses the queue."""
    finalized = []

    class Item:
        def __init__(self, subject: Any) -> None:
            self.subject = subject

        def __del__(self) -> None:
            self.subject.qsize()
            try:
                self.subject.put("too late")
            except queue.ShutDown:
                finalized.append(True)

    if not harness.IS_RADDLE or not hasattr(queue, "ShutDown"):
        # SimpleQueue has no shutdown and before 3.13 no queue has.
        assert not hasattr(queue.SimpleQueue, "shutdown")
        return
    subject = queue.Queue()
    for _ in range(100):
        subject.put(Item(subject))
    subject.shutdown(immediate=True)
    gc.collect()
    assert len(finalized) == 100


def check(put: Counter, got: Counter) -> None:
    """Every item that was put was got once."""
    assert max(put.values()) == 1
    assert put == got, (put - got, got - put)
    assert len(put) > ROUNDS or "handler" in sys.argv[1]


CASES: dict[str, Callable[[], None]] = {
    "__del__ puts": finalizer_puts,
    "__del__ puts and gets": finalizer_gets,
    "weakref callback puts": callback_puts,
    "handler": handler_puts_and_gets,
    "item dropped": item_reenters_when_dropped,
    "item dropped by shutdown": shutdown_drops_items,
    "SimpleQueue, __del__ puts": lambda: finalizer_puts(queue.SimpleQueue),
    "SimpleQueue, __del__ puts and gets": lambda: finalizer_gets(queue.SimpleQueue),
    "SimpleQueue, weakref callback puts": lambda: callback_puts(queue.SimpleQueue),
    "SimpleQueue, handler": lambda: handler_puts_and_gets(queue.SimpleQueue),
    "SimpleQueue, item dropped": lambda: item_reenters_when_dropped(queue.SimpleQueue),
}

if __name__ == "__main__":
    if len(sys.argv) == 1:
        print(*CASES, sep="\n")
    else:
        harness.start()
        CASES[sys.argv[1]]()
