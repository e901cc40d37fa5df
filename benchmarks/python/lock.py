"""Lock and RLock: alone, and with four threads that want it."""

from __future__ import annotations

from benchmarks.python.measure import Job, Library, Row


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


def with_rlock(library: Library, count: int) -> Job:
    lock = library.threading.RLock()

    def work() -> None:
        for _ in range(count):
            with lock:
                pass

    return Job([work], lambda: not lock._is_owned())


def contended(library: Library, count: int) -> Job:
    lock = library.threading.Lock()
    total = 0

    def task() -> None:
        nonlocal total
        for _ in range(count // 4):
            with lock:
                total += 1

    return Job([task] * 4, lambda: total == count // 4 * 4)


ROWS = [
    Row("Lock", "acquire, release", acquire_and_release),
    Row("Lock", "with", with_lock),
    Row("Lock", "with; 4 threads", contended),
    Row("RLock", "with", with_rlock),
]
