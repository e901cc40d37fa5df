"""Barrier: four threads that meet again and again."""

from __future__ import annotations

from raddle._bench.measure import Job, Library, Row


def cycle(library: Library, count: int) -> Job:
    barrier = library.threading.Barrier(4)
    firsts = [0]

    def task() -> None:
        for _ in range(count):
            if barrier.wait() == 0:
                firsts[0] += 1
            barrier.wait()

    return Job([task] * 4, lambda: firsts[0] == count and not barrier.broken)


ROWS = [Row("Barrier", "two meetings; 4 threads", cycle)]
