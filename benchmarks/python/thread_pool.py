"""ThreadPoolExecutor: many calls at once, and one after the other, made by four threads that are there already."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from benchmarks.python.measure import Job, Library, Row

WORKERS = 4
MANY = 10_000


def pool_of(library: Library) -> Any:
    """Return a pool whose threads have been started."""
    pool = library.futures.ThreadPoolExecutor(WORKERS)
    meeting = threading.Barrier(WORKERS)
    for future in [pool.submit(meeting.wait) for _ in range(WORKERS)]:
        future.result()
    return pool


def triple(number: int) -> int:
    return 3 * number


def job(pool: Any, work: Callable[[], None], is_right: Callable[[], bool]) -> Job:
    def check() -> bool:
        pool.shutdown()
        return is_right()

    return Job([work], check, has_helpers=True)


def submit_and_wait(library: Library, count: int) -> Job:
    pool = pool_of(library)
    total = 0

    def work() -> None:
        nonlocal total
        futures = [pool.submit(triple, number) for number in range(count)]
        done, _ = library.futures.wait(futures)
        total = sum(future.result() for future in done)

    return job(pool, work, lambda: total == 3 * count * (count - 1) // 2)


def map_over(library: Library, count: int) -> Job:
    pool = pool_of(library)
    results: list[int] = []

    def work() -> None:
        results.extend(pool.map(triple, range(count)))

    return job(pool, work, lambda: results == [3 * number for number in range(count)])


def one_by_one(library: Library, count: int) -> Job:
    pool = pool_of(library)
    total = 0

    def work() -> None:
        nonlocal total
        for number in range(count):
            total += pool.submit(triple, number).result()

    return job(pool, work, lambda: total == 3 * count * (count - 1) // 2)


ROWS = [
    Row("ThreadPoolExecutor", "submit 10,000", submit_and_wait, MANY),
    Row("ThreadPoolExecutor", "map 10,000", map_over, MANY),
    Row("ThreadPoolExecutor", "submit, result", one_by_one),
]
