"""RLock: alone, once and again while it is held."""

from __future__ import annotations

from raddle._bench.measure import Job, Library, Row


def with_rlock(library: Library, count: int) -> Job:
    lock = library.threading.RLock()

    def work() -> None:
        for _ in range(count):
            with lock:
                pass

    return Job([work], lambda: not lock._is_owned())


def nested(library: Library, count: int) -> Job:
    lock = library.threading.RLock()

    def work() -> None:
        with lock:
            for _ in range(count):
                with lock:
                    pass

    return Job([work], lambda: not lock._is_owned())


ROWS = [Row("RLock", "with", with_rlock)]
MORE = [Row("RLock", "with, while held", nested)]
