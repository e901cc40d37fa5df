"""How two implementations are compared: side by side, round by round, in one process.

A row is one piece of work that both do with the same code. In every round both do it once, and take turns at going
first, so that a slow moment of the machine meets both. What is reported is the median of the rounds' ratios, with
the quartiles, and of the times the median and the least. The collector is off while the clock runs. Every result is
checked, outside the time: work done wrongly is no work.
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
# Several threads have rounds so many times as long. With the GIL they take turns of 5 ms: in a short round one turn
# more or less would be much.
SEVERAL = 3


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
    # Rows of one series differ in the number of threads only, and so are points of one curve.
    series: str | None = None
    threads: int = 1

    @property
    def name(self) -> str:
        """What the row is called in tables and records."""
        return f"{self.primitive}: {self.operation}"


@dataclass(frozen=True, slots=True)
class Result:
    """Times are nanoseconds for one operation: medians, and the least. Ratios are stock to ours: more is better.

    `low` and `high` are the quartiles of the rounds' ratios.
    """

    row: Row
    stock: float
    ours: float
    stock_least: float
    ours_least: float
    ratio: float
    low: float
    high: float

    @property
    def is_loss(self) -> bool:
        """Whether ours is the slower one."""
        return self.ratio < 1

    def as_json(self) -> dict[str, object]:
        """Return the figures, and what they are of, as values that JSON can carry."""
        told: dict[str, object] = {name: getattr(self.row, name) for name in _OF_ROW}
        return told | {name: getattr(self, name) for name in _FIGURES}


_OF_ROW = ("primitive", "operation", "series", "threads")
_FIGURES = ("stock", "ours", "stock_least", "ours_least", "ratio", "low", "high")


def compare(row: Row, stock: Library, ours: Library, rounds: int, length: float = ROUND) -> Result:
    """Measure one row, in rounds of about `length` seconds, longer ones where threads take part."""
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
    each = 1e9 / count
    theirs = [first * each for first, _ in pairs]
    own = [second * each for _, second in pairs]
    ratios = [first / second for first, second in pairs]
    # Inclusive: of few rounds, quartiles beyond the least and the greatest ratio would be made up.
    low, _, high = quantiles(ratios, n=4, method="inclusive")
    return Result(row, median(theirs), median(own), min(theirs), min(own), median(ratios), low, high)


def calibrate(row: Row, library: Library, length: float = ROUND) -> int:
    """Return how many operations take about a round."""
    count = 64
    while True:
        spent, is_alone = timed(row, library, count)
        aim = length if is_alone else SEVERAL * length
        if spent >= aim / 4:
            # Few operations last as long on a busy machine: a round of so few would measure when threads are woken.
            spent = min(spent, *(seconds(row, library, count) for _ in range(2)))
        if spent >= aim / 4:
            return max(64, int(count * aim / spent))
        count *= 4


def seconds(row: Row, library: Library, count: int) -> float:
    """Return the time that `count` operations take."""
    return timed(row, library, count)[0]


def timed(row: Row, library: Library, count: int) -> tuple[float, bool]:
    """Return the time that `count` operations take, and whether one thread does them all."""
    job = row.prepare(library, count)
    is_alone = len(job.tasks) == 1 and not job.has_helpers
    gc.collect()
    gc.disable()
    try:
        spent = alone(job.tasks[0]) if is_alone else together(job.tasks)
    finally:
        gc.enable()
    if not job.check():
        raise AssertionError(f"{row.name}: wrong result on {library.name}")
    return spent, is_alone


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
        try:
            ready.wait()
        except threading.BrokenBarrierError:
            return
        go.wait()
        task()
        ends.append(time.perf_counter())

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    try:
        for thread in threads:
            thread.start()
        ready.wait()
        begin = time.perf_counter()
        go.set()
        for thread in threads:
            thread.join()
    except BaseException:
        # Ctrl-C above all: no thread is to wait for ever for a start that does not come.
        ready.abort()
        go.set()
        raise
    if len(ends) != len(tasks):
        raise AssertionError("a thread of the work has failed")
    return max(ends) - begin


def counted(number: int, noun: str) -> str:
    """Return so many of what the noun says, in words."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
