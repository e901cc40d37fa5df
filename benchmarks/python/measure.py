"""How two implementations are compared: side by side, round by round, in one process.

A row is one piece of work that both do with the same code. In every round both do it once, and take turns at going
first, so that a slow moment of the machine meets both. What is reported is the median of the rounds' ratios, with
the quartiles. The collector is off while the clock runs. Every result is checked, outside the time: work done wrongly
is no work.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles
from types import ModuleType
from typing import NamedTuple

# What a round should take on the standard library, in seconds: long against a clock's step and a thread's start.
ROUND = 0.03


@dataclass(frozen=True, slots=True)
class Library:
    """One of the two contenders: its modules, with the standard library's names in them."""

    name: str
    threading: ModuleType
    queue: ModuleType


class Job(NamedTuple):
    """Work on fresh objects, ready to start, and whether its result was right."""

    work: Callable[[], None]
    check: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `prepare` makes the job of doing the operation `count` times.

    `threads` is how many threads take part. One thread's work is measured in CPU time of that thread, which does not
    count what other processes take; several threads' work in wall time, because waiting is what is measured.
    """

    primitive: str
    operation: str
    threads: int
    prepare: Callable[[Library, int], Job]


@dataclass(frozen=True, slots=True)
class Result:
    """Times are nanoseconds for one operation: the medians. Ratios are stock to ours, so that more is better."""

    row: Row
    stock: float
    ours: float
    ratio: float
    low: float
    high: float

    @property
    def is_loss(self) -> bool:
        """Whether ours is the slower one."""
        return self.ratio < 1


def compare(row: Row, stock: Library, ours: Library, rounds: int) -> Result:
    """Measure one row."""
    count = calibrate(row, stock)
    seconds(row, ours, count)
    pairs: list[tuple[float, float]] = []
    for index in range(rounds):
        if index % 2:
            second = seconds(row, ours, count)
            pairs.append((seconds(row, stock, count), second))
        else:
            first = seconds(row, stock, count)
            pairs.append((first, seconds(row, ours, count)))
    ratios = [theirs / our for theirs, our in pairs]
    low, _, high = quantiles(ratios, n=4)
    each = 1e9 / count
    return Result(
        row,
        median(pair[0] for pair in pairs) * each,
        median(pair[1] for pair in pairs) * each,
        median(ratios),
        low,
        high,
    )


def calibrate(row: Row, library: Library) -> int:
    """Return how many operations take about a round."""
    count = 64
    while True:
        spent = seconds(row, library, count)
        if spent >= ROUND / 4:
            return max(64, int(count * ROUND / spent))
        count *= 4


def seconds(row: Row, library: Library, count: int) -> float:
    """Return the time that `count` operations take."""
    clock = time.thread_time if row.threads == 1 else time.perf_counter
    job = row.prepare(library, count)
    gc.collect()
    gc.disable()
    try:
        begin = clock()
        job.work()
        end = clock()
    finally:
        gc.enable()
    if not job.check():
        raise AssertionError(f"{row.primitive}, {row.operation}: wrong result on {library.name}")
    return end - begin


def in_threads(*tasks: Callable[[], None]) -> Callable[[], None]:
    """Return work that runs each task in a thread of its own and waits for all of them."""

    def work() -> None:
        threads = [threading.Thread(target=task) for task in tasks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return work
