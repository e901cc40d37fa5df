"""The rows, in the order of the table, and the two libraries that they are measured on."""

from __future__ import annotations

import concurrent.futures
import queue
import threading
from collections.abc import Iterator, Sequence

import raddle.concurrent.futures
import raddle.queue
import raddle.threading
from raddle._bench import (
    barrier,
    condition,
    event,
    future,
    lifo_queue,
    lock,
    pipeline,
    priority_queue,
    rlock,
    semaphore,
    simple_queue,
    thread,
    thread_pool,
)
from raddle._bench import queue as queues
from raddle._bench.measure import ROUND, Library, Result, Row, compare

# What every primitive is used for most, in about two minutes.
QUICK = [
    *queues.ROWS,
    *lifo_queue.ROWS,
    *priority_queue.ROWS,
    *simple_queue.ROWS,
    *event.ROWS,
    *semaphore.ROWS,
    *lock.ROWS,
    *rlock.ROWS,
    *condition.ROWS,
    *barrier.ROWS,
    *future.ROWS,
    *thread_pool.ROWS,
    *thread.ROWS,
]
ALL = [
    *QUICK,
    *queues.MORE,
    *lock.MORE,
    *rlock.MORE,
    *thread_pool.MORE,
    *pipeline.MORE,
]
ROUNDS = 15


class SwitchedError(Exception):
    """The standard library's names are raddle's in this process, so that there is nothing to compare with."""


def libraries() -> tuple[Library, Library]:
    """Return the standard library and raddle."""
    stock = Library("the standard library", threading, queue, concurrent.futures)
    ours = Library("raddle", raddle.threading, raddle.queue, raddle.concurrent.futures)
    if stock.threading.Event is ours.threading.Event:
        raise SwitchedError("this process runs on raddle; the comparison needs the standard library beside it")
    return stock, ours


def measure(rows: Sequence[Row], rounds: int = ROUNDS, length: float = ROUND) -> Iterator[Result]:
    """Measure the rows, one after the other, in rounds of about that many seconds."""
    stock, ours = libraries()
    for row in rows:
        yield compare(row, stock, ours, rounds, length)


def chosen(names: Sequence[str], rows: Sequence[Row]) -> list[Row]:
    """Return the rows of the primitives that begin with one of the names, in either case; all for no name."""
    starts = tuple(name.casefold() for name in names) or ("",)
    return [row for row in rows if row.primitive.casefold().startswith(starts)]
