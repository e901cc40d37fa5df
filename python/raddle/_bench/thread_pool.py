"""ThreadPoolExecutor: many calls at once, and one after the other, made by four threads that are there already.

Two more are of programs. One has a thousand calls of a few microseconds each and makes a pool for them: what joblib's
issue 1830 is about, which finds that such calls in threads cost many times what they do, even where no interpreter
lock is in their way. The other computes in more and more threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from raddle._bench.measure import Job, Library, Row, counted

WORKERS = 4
MANY = 10_000


def pool_of(library: Library, workers: int = WORKERS) -> Any:
    """Return a pool whose threads have been started."""
    pool = library.futures.ThreadPoolExecutor(workers)
    meeting = threading.Barrier(workers)
    for future in [pool.submit(meeting.wait) for _ in range(workers)]:
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


def short_calls(library: Library, count: int) -> Job:
    sentences = [f"Number {number} of the many WORDS of this text" for number in range(count)]
    lengths: list[int] = []

    def work() -> None:
        with library.futures.ThreadPoolExecutor(WORKERS) as pool:
            futures = [pool.submit(words, sentence) for sentence in sentences]
            lengths.extend(future.result() for future in futures)

    # The number, and eight words.
    return Job([work], lambda: lengths == [9] * count, has_helpers=True)


def words(sentence: str) -> int:
    return len(sentence.lower().replace(",", " ").split())


def compute(workers: int) -> Callable[[Library, int], Job]:
    """Return the job of tasks that take some twenty microseconds each, in so many threads."""

    def prepare(library: Library, count: int) -> Job:
        pool = pool_of(library, workers)
        results: list[int] = []

        def work() -> None:
            futures = [pool.submit(sum_of_digits, number) for number in range(count)]
            results.extend(future.result() for future in futures)

        return job(pool, work, lambda: results == [sum_of_digits(number) for number in range(count)])

    return prepare


def sum_of_digits(number: int) -> int:
    total = 0
    for place in range(200):
        total += (number >> (place & 7)) & 15
    return total


def _compute(workers: int) -> Row:
    operation = f"compute; {counted(workers, 'worker')}"
    return Row("ThreadPoolExecutor", operation, compute(workers), series="compute", threads=workers)


ROWS = [
    Row("ThreadPoolExecutor", "submit 10,000", submit_and_wait, MANY),
    Row("ThreadPoolExecutor", "map 10,000", map_over, MANY),
    Row("ThreadPoolExecutor", "submit, result", one_by_one),
]
MORE = [
    Row("ThreadPoolExecutor", "a pool for 1,000 short calls", short_calls, 1000),
    *(_compute(workers) for workers in (1, 2, 4, 8)),
]
