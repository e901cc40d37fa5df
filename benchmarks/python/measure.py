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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from types import ModuleType
from typing import NamedTuple

# What a round should take on the standard library, in seconds: long against a clock's step and the waking of threads.
ROUND = 0.03


@dataclass(frozen=True, slots=True)
class Library:
    """One of the two contenders: its modules, with the standard library's names in them."""

    name: str
    threading: ModuleType
    queue: ModuleType
    futures: ModuleType


class Job(NamedTuple):
    """Work on fresh objects, one task for each thread, and whether its result was right.

    `has_helpers` says that threads of the library's own take part, so that one task is not one thread's work.
    """

    tasks: Sequence[Callable[[], None]]
    check: Callable[[], bool]
    has_helpers: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `prepare` makes the job of doing the operation `count` times.

    One thread's work is measured in CPU time of that thread, which does not count what other processes take; several
    threads' work in wall time, because waiting is what is measured, from when all are ready to when the last is done.
    """

    primitive: str
    operation: str
    prepare: Callable[[Library, int], Job]
    # None for as many as take about a round.
    count: int | None = None


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


def compare(row: Row, stock: Library, ours: Library, rounds: int, length: float = ROUND) -> Result:
    """Measure one row, in rounds of about `length` seconds."""
    count = row.count or calibrate(row, stock, length)
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


def calibrate(row: Row, library: Library, length: float = ROUND) -> int:
    """Return how many operations take about a round."""
    count = 64
    while True:
        spent = seconds(row, library, count)
        if spent >= length / 4:
            return max(64, int(count * length / spent))
        count *= 4


def seconds(row: Row, library: Library, count: int) -> float:
    """Return the time that `count` operations take."""
    job = row.prepare(library, count)
    gc.collect()
    gc.disable()
    try:
        is_alone = len(job.tasks) == 1 and not job.has_helpers
        spent = alone(job.tasks[0]) if is_alone else together(job.tasks)
    finally:
        gc.enable()
    if not job.check():
        raise AssertionError(f"{row.primitive}, {row.operation}: wrong result on {library.name}")
    return spent


def alone(task: Callable[[], None]) -> float:
    """Return the CPU time that the task takes in this thread."""
    begin = time.thread_time()
    task()
    return time.thread_time() - begin


def together(tasks: Sequence[Callable[[], None]]) -> float:
    """Return the time that the tasks take, each in a thread of its own, without the start and the end of threads."""
    ready, go = threading.Barrier(len(tasks) + 1), threading.Event()
    ends: list[float] = []

    def run(task: Callable[[], None]) -> None:
        ready.wait()
        go.wait()
        task()
        ends.append(time.perf_counter())

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    ready.wait()
    begin = time.perf_counter()
    go.set()
    for thread in threads:
        thread.join()
    return max(ends) - begin
