"""A pipeline: four threads in a row, with a queue of 64 places between one and the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from raddle._bench.measure import Job, Library, Row


def four_stages(places: int) -> Callable[[Library, int], Job]:
    """Return the job of bringing items from the first thread to the last, through queues of so many places."""

    def prepare(library: Library, count: int) -> Job:
        queues = [library.queue.Queue(places) for _ in range(3)]
        arrived: list[int] = []

        def begin() -> None:
            for number in range(count):
                queues[0].put(number)
            # None says that nothing more comes.
            queues[0].put(None)

        def pass_on(before: Any, after: Any, change: Callable[[int], int]) -> Callable[[], None]:
            def stage() -> None:
                while (item := before.get()) is not None:
                    after.put(change(item))
                after.put(None)

            return stage

        def end() -> None:
            while (item := queues[2].get()) is not None:
                arrived.append(item)

        double = pass_on(queues[0], queues[1], lambda number: 2 * number)
        add = pass_on(queues[1], queues[2], lambda number: number + 1)
        return Job([begin, double, add, end], lambda: arrived == [2 * number + 1 for number in range(count)])

    return prepare


MORE = [
    Row("Pipeline", "4 stages, 64 places", four_stages(64)),
    Row("Pipeline", "4 stages, unbounded", four_stages(0)),
]
