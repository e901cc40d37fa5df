"""LifoQueue: one thread, and threads that pass items on."""

from __future__ import annotations

from typing import Any

from raddle._bench.measure import Library, Row
from raddle._bench.queue import put_and_get, through


def lifo(library: Library) -> Any:
    return library.queue.LifoQueue()


ROWS = [
    Row("LifoQueue", "put, get", put_and_get(lifo)),
    Row("LifoQueue", "put, get; 1 to 1", through(1, 1, lifo)),
]
