"""Future: from its making to its result, alone, and between two threads."""

from __future__ import annotations

from raddle._bench.measure import Job, Library, Row


def make_set_and_get(library: Library, count: int) -> Job:
    make = library.futures.Future
    total = 0

    def work() -> None:
        nonlocal total
        for number in range(count):
            future = make()
            future.set_result(number)
            total += future.result()

    return Job([work], lambda: total == count * (count - 1) // 2)


def call_back(library: Library, count: int) -> Job:
    make = library.futures.Future
    done = 0

    def note(_: object) -> None:
        nonlocal done
        done += 1

    def work() -> None:
        for number in range(count):
            future = make()
            future.add_done_callback(note)
            future.set_result(number)

    return Job([work], lambda: done == count)


def set_and_wait(library: Library, count: int) -> Job:
    futures = [library.futures.Future() for _ in range(count)]
    total = 0

    def work() -> None:
        for number, future in enumerate(futures):
            future.set_result(number)

    def wait() -> None:
        nonlocal total
        done, _ = library.futures.wait(futures)
        total = sum(future.result() for future in done)

    return Job([work, wait], lambda: total == count * (count - 1) // 2)


ROWS = [
    Row("Future", "set_result, result", make_set_and_get),
    Row("Future", "callback, set_result", call_back),
    Row("Future", "wait for 10,000; 2 threads", set_and_wait, 10_000),
]
