"""Thread: start and join, one at a time and eight at a time, and making one that is never started.

`Thread` is switched in place, so what is measured beside the standard library's class is that class with the methods
and the event that `raddle.install()` gives it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from raddle._bench.measure import Job, Library, Row
from raddle.threading import _patched


def start_and_join(at_once: int) -> Callable[[Library, int], Job]:
    """Return the job of starting that many threads and joining them, again and again."""

    def prepare(library: Library, count: int) -> Job:
        done: list[None] = []

        def work() -> None:
            with as_on(library):
                for _ in range(count // at_once):
                    threads = [threading.Thread(target=done.append, args=(None,)) for _ in range(at_once)]
                    for thread in threads:
                        thread.start()
                    for thread in threads:
                        thread.join()

        return Job([work, nothing], lambda: len(done) == count // at_once * at_once)

    return prepare


def make(library: Library, count: int) -> Job:
    made: list[threading.Thread] = []

    def work() -> None:
        with as_on(library):
            for _ in range(count):
                made[:] = [threading.Thread(target=make)]

    return Job([work], lambda: not made[0].is_alive())


@contextmanager
def as_on(library: Library) -> Generator[None]:
    """Give the standard library's `Thread` what it has in a process that runs on the library."""
    if library.threading is threading:
        yield
        return
    ours: dict[str, Any] = {name: method for _, name, _, method in _patched}
    event = library.threading.Event
    with mock.patch.multiple(threading.Thread, **ours), mock.patch.object(threading, "Event", event):
        yield


def nothing() -> None:
    """Stand beside a task whose time is to be measured by the clock, because it waits."""


ROWS = [
    Row("Thread", "start, join", start_and_join(1)),
    Row("Thread", "start, join; 8 at a time", start_and_join(8)),
    Row("Thread", "make", make),
]
