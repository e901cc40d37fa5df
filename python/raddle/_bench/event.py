"""Event: its flag, and two threads that signal each other in turn."""

from __future__ import annotations

from raddle._bench.measure import Job, Library, Row


def set_and_clear(library: Library, count: int) -> Job:
    event = library.threading.Event()

    def work() -> None:
        for _ in range(count):
            event.set()
            event.is_set()
            event.clear()

    return Job([work], lambda: not event.is_set())


def turns(library: Library, count: int) -> Job:
    ping, pong = library.threading.Event(), library.threading.Event()
    answered = 0

    def ask() -> None:
        for _ in range(count):
            ping.set()
            pong.wait()
            pong.clear()

    def answer() -> None:
        nonlocal answered
        for _ in range(count):
            ping.wait()
            ping.clear()
            answered += 1
            pong.set()

    return Job([ask, answer], lambda: answered == count and not ping.is_set())


ROWS = [
    Row("Event", "set, is_set, clear", set_and_clear),
    Row("Event", "round trip; 2 threads", turns),
]
