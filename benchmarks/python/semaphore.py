"""Semaphore: alone, and four threads that want two permits."""

from __future__ import annotations

from benchmarks.python.measure import Job, Library, Row


def acquire_and_release(library: Library, count: int) -> Job:
    semaphore = library.threading.Semaphore()

    def work() -> None:
        for _ in range(count):
            semaphore.acquire()
            semaphore.release()

    return Job([work], lambda: semaphore._value == 1)


def contended(library: Library, count: int) -> Job:
    semaphore = library.threading.Semaphore(2)

    def task() -> None:
        for _ in range(count // 4):
            with semaphore:
                pass

    return Job([task] * 4, lambda: semaphore._value == 2)


ROWS = [
    Row("Semaphore", "acquire, release", acquire_and_release),
    Row("Semaphore", "with; 4 threads", contended),
]
