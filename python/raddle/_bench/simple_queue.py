"""SimpleQueue: one thread, threads that pass items on, and one item that goes to and fro."""

from __future__ import annotations

from typing import Any

from raddle._bench.measure import Library, Row
from raddle._bench.queue import put_and_get, there_and_back, through


def simple(library: Library) -> Any:
    return library.queue.SimpleQueue()


ROWS = [
    Row("SimpleQueue", "put, get", put_and_get(simple)),
    Row("SimpleQueue", "put, get; 1 to 1", through(1, 1, simple)),
    Row("SimpleQueue", "put, get; 4 to 4", through(4, 4, simple)),
    Row("SimpleQueue", "round trip; 2 threads", there_and_back(simple)),
]
