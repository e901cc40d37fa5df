"""Semaphore: alone, and several threads that want half as many permits."""

from __future__ import annotations

from collections.abc import Callable

from raddle._bench.measure import Job, Library, Row


def acquire_and_release(library: Library, count: int) -> Job:
    semaphore = library.threading.Semaphore()

    def work() -> None:
        for _ in range(count):
            semaphore.acquire()
            semaphore.release()

    return Job([work], lambda: semaphore._value == 1)


def contended(threads: int) -> Callable[[Library, int], Job]:
    """Return the job of that many threads, half of which find a permit."""

    def prepare(library: Library, count: int) -> Job:
        permits = threads // 2
        semaphore = library.threading.Semaphore(permits)
        share = count // threads
        done: list[int] = []

        def task() -> None:
            for _ in range(share):
                with semaphore:
                    pass
            done.append(share)

        return Job([task] * threads, lambda: done == [share] * threads and semaphore._value == permits)

    return prepare


ROWS = [
    Row("Semaphore", "acquire, release", acquire_and_release),
    *(
        Row("Semaphore", f"with; {threads} threads", contended(threads), series="with", threads=threads)
        for threads in (2, 4, 8)
    ),
]
