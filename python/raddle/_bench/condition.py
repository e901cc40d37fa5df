"""Condition: notifying nobody, and two threads that wake each other in turn."""

from __future__ import annotations

from collections.abc import Callable

from raddle._bench.measure import Job, Library, Row


def with_and_notify(library: Library, count: int) -> Job:
    condition = library.threading.Condition()

    def work() -> None:
        for _ in range(count):
            with condition:
                condition.notify()

    return Job([work], lambda: not condition._is_owned())


def turns(library: Library, count: int) -> Job:
    condition = library.threading.Condition()
    turn = 0

    def player(mine: int) -> Callable[[], None]:
        def task() -> None:
            nonlocal turn
            for _ in range(count):
                with condition:
                    while turn % 2 != mine:
                        condition.wait()
                    turn += 1
                    condition.notify()

        return task

    return Job([player(0), player(1)], lambda: turn == 2 * count)


ROWS = [
    Row("Condition", "with, notify", with_and_notify),
    Row("Condition", "round trip; 2 threads", turns),
]
