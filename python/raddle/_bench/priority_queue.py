"""PriorityQueue: one thread with few items and with many, and threads that pass items on."""

from __future__ import annotations

from collections.abc import Callable

from raddle._bench.measure import Job, Library, Row


def put_and_get(waiting: int) -> Callable[[Library, int], Job]:
    """Return the job of putting and getting while that many items are in the queue."""

    def prepare(library: Library, count: int) -> Job:
        queue = library.queue.PriorityQueue()
        for number in range(waiting):
            queue.put(number)
        last = None

        def work() -> None:
            nonlocal last
            for number in range(waiting, waiting + count):
                queue.put(number)
                last = queue.get()

        return Job([work], lambda: last == count - 1 and queue.qsize() == waiting)

    return prepare


def through(library: Library, count: int) -> Job:
    queue = library.queue.PriorityQueue()
    received: list[int] = []

    def produce() -> None:
        for number in range(count):
            queue.put(number)

    def consume() -> None:
        received.extend(queue.get() for _ in range(count))

    return Job([consume, produce], lambda: sorted(received) == [*range(count)] and queue.empty())


ROWS = [
    Row("PriorityQueue", "put, get", put_and_get(0)),
    Row("PriorityQueue", "put, get among 1,000", put_and_get(1000)),
    Row("PriorityQueue", "put, get; 1 to 1", through),
]
