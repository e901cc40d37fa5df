"""LifoQueue: one thread, and threads that pass items on."""

from __future__ import annotations

from benchmarks.python.measure import Job, Library, Row


def put_and_get(library: Library, count: int) -> Job:
    queue = library.queue.LifoQueue()
    last = None

    def work() -> None:
        nonlocal last
        for number in range(count):
            queue.put(number)
            last = queue.get()

    return Job([work], lambda: last == count - 1 and queue.empty())


def through(library: Library, count: int) -> Job:
    queue = library.queue.LifoQueue()
    received: list[int] = []

    def produce() -> None:
        for number in range(count):
            queue.put(number)

    def consume() -> None:
        received.extend(queue.get() for _ in range(count))

    return Job([consume, produce], lambda: sorted(received) == [*range(count)] and queue.empty())


ROWS = [
    Row("LifoQueue", "put, get", put_and_get),
    Row("LifoQueue", "put, get; 1 to 1", through),
]
