"""Lock: alone, wanted by several threads, one for each of them, and two that pass a turn to and fro."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from raddle._bench.measure import Job, Library, Row, counted


def acquire_and_release(library: Library, count: int) -> Job:
    lock = library.threading.Lock()

    def work() -> None:
        for _ in range(count):
            lock.acquire()
            lock.release()

    return Job([work], lambda: not lock.locked())


def with_lock(library: Library, count: int) -> Job:
    lock = library.threading.Lock()

    def work() -> None:
        for _ in range(count):
            with lock:
                pass

    return Job([work], lambda: not lock.locked())


def contended(threads: int) -> Callable[[Library, int], Job]:
    """Return the job of that many threads that add to one number."""

    def prepare(library: Library, count: int) -> Job:
        lock = library.threading.Lock()
        share = count // threads
        total = 0

        def task() -> None:
            nonlocal total
            for _ in range(share):
                with lock:
                    total += 1

        # One thread alone is measured as the others are: by the clock.
        return Job([task] * threads, lambda: total == threads * share, has_helpers=True)

    return prepare


def one_each(threads: int) -> Callable[[Library, int], Job]:
    """Return the job of threads that have nothing in common."""

    def prepare(library: Library, count: int) -> Job:
        locks = [library.threading.Lock() for _ in range(threads)]
        share = count // threads

        def task(lock: Any) -> Callable[[], None]:
            def work() -> None:
                for _ in range(share):
                    with lock:
                        pass

            return work

        # One thread alone is measured as the others are: by the clock.
        return Job([task(lock) for lock in locks], lambda: not any(lock.locked() for lock in locks), has_helpers=True)

    return prepare


def ping_pong(library: Library, count: int) -> Job:
    ping, pong = library.threading.Lock(), library.threading.Lock()
    pong.acquire()
    turns: list[int] = [0, 0]

    def player(number: int, mine: Any, theirs: Any) -> Callable[[], None]:
        def task() -> None:
            for _ in range(count):
                mine.acquire()
                turns[number] += 1
                theirs.release()

        return task

    tasks = [player(0, ping, pong), player(1, pong, ping)]
    return Job(tasks, lambda: turns == [count, count] and pong.locked() and not ping.locked())


def _row(operation: str, prepare: Callable[[Library, int], Job], threads: int) -> Row:
    return Row("Lock", f"{operation}; {counted(threads, 'thread')}", prepare, series=operation, threads=threads)


_SEVERAL = {threads: _row("with", contended(threads), threads) for threads in range(1, 11)}

ROWS = [
    Row("Lock", "acquire, release", acquire_and_release),
    Row("Lock", "with", with_lock),
    *(_SEVERAL[threads] for threads in (2, 4, 8)),
]
MORE = [
    *(row for threads, row in _SEVERAL.items() if threads not in (2, 4, 8)),
    Row("Lock", "ping-pong; 2 threads", ping_pong),
    *(_row("with, a lock each", one_each(threads), threads) for threads in (1, 2, 4, 8)),
]
