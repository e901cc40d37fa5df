"""Queues: one thread, threads that pass items on, and one item that goes to and fro.

The jobs are for a queue of any kind; those of the other kinds have their rows in files of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from raddle._bench.measure import Job, Library, Row, counted

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


def through(producers: int, consumers: int, make: Making) -> Preparing:
    """Return the job of so many threads that put what so many others get."""

    def prepare(library: Library, count: int) -> Job:
        queue = make(library)
        # Each producer has the same number of items, and so has each consumer.
        share = count // (producers * consumers)
        received: list[list[int]] = []

        def produce() -> None:
            for number in range(share * consumers):
                queue.put(number)

        def consume() -> None:
            received.append([queue.get() for _ in range(share * producers)])

        def check() -> bool:
            items = sorted(number for part in received for number in part)
            return items == sorted([*range(share * consumers)] * producers) and queue.empty()

        return Job([consume] * consumers + [produce] * producers, check)

    return prepare


def one_each(threads: int, make: Making) -> Preparing:
    """Return the job of threads that put and get, each with a queue of its own."""

    def prepare(library: Library, count: int) -> Job:
        jobs = [put_and_get(make)(library, count // threads) for _ in range(threads)]
        # One thread alone is measured as the others are: by the clock.
        return Job([job.tasks[0] for job in jobs], lambda: all(job.check() for job in jobs), has_helpers=True)

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


def of_places(places: int) -> Making:
    """Return what makes a queue of so many places."""
    return lambda library: library.queue.Queue(places)


def _through(producers: int, consumers: int, places: int = 0, series: str | None = None) -> Row:
    operation = f"put, get; {producers} to {consumers}"
    if places:
        operation += f", {counted(places, 'place')}"
    return Row("Queue", operation, through(producers, consumers, of_places(places)), series=series, threads=producers)


def _one_each(threads: int) -> Row:
    operation = f"put, get, a queue each; {counted(threads, 'thread')}"
    return Row("Queue", operation, one_each(threads, unbounded), series="put, get, a queue each", threads=threads)


# As many producers as consumers.
_EVEN = {threads: _through(threads, threads, series="put, get; n to n") for threads in (1, 2, 4, 8)}

ROWS = [
    Row("Queue", "put, get", put_and_get(unbounded)),
    _EVEN[1],
    _EVEN[4],
    _through(1, 1, 64),
    _through(4, 4, 64),
    Row("Queue", "round trip; 2 threads", there_and_back(unbounded)),
]
MORE = [
    _EVEN[2],
    _EVEN[8],
    _through(2, 2, 64),
    _through(8, 8, 64),
    _through(4, 1),
    _through(4, 1, 64),
    _through(1, 4),
    _through(1, 4, 64),
    _through(1, 1, 1),
    _through(4, 1, 1),
    _through(4, 4, 1),
    *(_one_each(threads) for threads in (1, 2, 4, 8)),
]
