"""Queues: one thread, threads that pass items on, and one item that goes to and fro.

The jobs are for a queue of any kind; those of the other kinds have their rows in files of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from benchmarks.python.measure import Job, Library, Row

# Makes a queue of the library's: a kind, and perhaps a capacity.
Making: TypeAlias = Callable[[Library], Any]
Preparing: TypeAlias = Callable[[Library, int], Job]


def put_and_get(make: Making) -> Preparing:
    """Return the job of one thread that puts an item and gets it, again and again."""

    def prepare(library: Library, count: int) -> Job:
        queue = make(library)
        last = None

        def work() -> None:
            nonlocal last
            for number in range(count):
                queue.put(number)
                last = queue.get()

        return Job([work], lambda: last == count - 1 and queue.empty())

    return prepare


def through(pairs: int, make: Making) -> Preparing:
    """Return the job of as many producers as consumers."""

    def prepare(library: Library, count: int) -> Job:
        queue = make(library)
        share = count // pairs
        received: list[list[int]] = []

        def produce() -> None:
            for number in range(share):
                queue.put(number)

        def consume() -> None:
            received.append([queue.get() for _ in range(share)])

        def check() -> bool:
            items = sorted(number for part in received for number in part)
            return items == sorted([*range(share)] * pairs) and queue.empty()

        return Job([consume] * pairs + [produce] * pairs, check)

    return prepare


def there_and_back(make: Making) -> Preparing:
    """Return the job of a thread that asks, and one that answers."""

    def prepare(library: Library, count: int) -> Job:
        there, back = make(library), make(library)
        total = 0

        def ask() -> None:
            nonlocal total
            for number in range(count):
                there.put(number)
                total += back.get()

        def answer() -> None:
            for _ in range(count):
                back.put(there.get() + 1)

        return Job([ask, answer], lambda: total == count * (count + 1) // 2)

    return prepare


def unbounded(library: Library) -> Any:
    return library.queue.Queue()


def of_64_places(library: Library) -> Any:
    return library.queue.Queue(64)


ROWS = [
    Row("Queue", "put, get", put_and_get(unbounded)),
    Row("Queue", "put, get; 1 to 1", through(1, unbounded)),
    Row("Queue", "put, get; 4 to 4", through(4, unbounded)),
    Row("Queue", "put, get; 1 to 1, 64 places", through(1, of_64_places)),
    Row("Queue", "round trip; 2 threads", there_and_back(unbounded)),
]
