"""Queue: one thread, threads that pass items on, and one item that goes to and fro."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.python.measure import Job, Library, Row


def put_and_get(library: Library, count: int) -> Job:
    queue = library.queue.Queue()
    last = None

    def work() -> None:
        nonlocal last
        for number in range(count):
            queue.put(number)
            last = queue.get()

    return Job([work], lambda: last == count - 1 and queue.empty())


def through(pairs: int, capacity: int) -> Callable[[Library, int], Job]:
    """Return the job of as many producers as consumers; a capacity of 0 is no bound."""

    def prepare(library: Library, count: int) -> Job:
        queue = library.queue.Queue(capacity)
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


def there_and_back(library: Library, count: int) -> Job:
    there, back = library.queue.Queue(), library.queue.Queue()
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


ROWS = [
    Row("Queue", "put, get", put_and_get),
    Row("Queue", "put, get; 1 to 1", through(1, 0)),
    Row("Queue", "put, get; 4 to 4", through(4, 0)),
    Row("Queue", "put, get; 1 to 1, 64 places", through(1, 64)),
    Row("Queue", "round trip; 2 threads", there_and_back),
]
