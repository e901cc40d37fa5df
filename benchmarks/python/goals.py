"""What the rows are to reach: the least ratio of another's time to raddle's.

In Python the other is the standard library, and the goals depend on the interpreter; in Rust they are of a contender.
"""

from __future__ import annotations

from typing import NamedTuple


class Goal(NamedTuple):
    """The ratios to reach with the GIL, up to CPython 3.13 and from 3.14 on, and without it."""

    until_3_13: float
    from_3_14: float
    free_threaded: float


def _gil(ratio: float, free_threaded: float) -> Goal:
    return Goal(ratio, ratio, free_threaded)


GOALS = {
    "Lock: acquire, release": Goal(1.6, 1.3, 1.2),
    "Lock: with": Goal(1.3, 1.3, 1.2),
    "RLock: with": _gil(1.3, 1.3),
    "Condition: with, notify": _gil(2, 2),
    "Condition: round trip; 2 threads": _gil(1.3, 5),
    "Semaphore: acquire, release": _gil(8, 8),
    "Event: set, is_set, clear": _gil(10, 10),
    "Barrier: two meetings; 4 threads": _gil(1.5, 5),
    **{f"Lock: with; {threads} threads": _gil(1, 1.5) for threads in (2, 4, 8)},
    **{f"Semaphore: with; {threads} threads": _gil(4, 6) for threads in (2, 4, 8)},
    "Queue: put, get": _gil(18, 15),
    "Queue: put, get; 1 to 1": _gil(8, 10),
    "Queue: put, get; 4 to 4": _gil(8, 10),
    "Queue: put, get; 1 to 1, 64 places": _gil(5, 6),
    "Queue: put, get; 4 to 4, 64 places": _gil(5, 6),
    "PriorityQueue: put, get": _gil(1.2, 1.2),
    "SimpleQueue: put, get": _gil(1, 1),
    "Future: set_result, result": _gil(8, 8),
    "ThreadPoolExecutor: submit 10,000": _gil(10, 10),
    "ThreadPoolExecutor: map 10,000": _gil(10, 10),
    "ThreadPoolExecutor: submit, result": _gil(1.3, 2),
    "Thread: start, join": _gil(1.5, 1.5),
}


CRATE_GOALS = {
    "lock, one thread": {"std": 0.95},
    **{f"lock, {threads} threads": {"std": 0.9, "parking_lot": 0.9} for threads in (2, 4, 8)},
    **{
        f"queue {places}, {threads} to {threads}": {"crossbeam-channel": 1.0}
        for places in ("1", "64", "1024", "unbounded")
        for threads in (1, 4)
    },
    **{
        f"pool, {tasks}": {"rusty_pool": 1.0, "rayon and oneshot": 1.0}
        for tasks in ("one task at a time", "20,000 tasks")
    },
}


def goal(row: str, version: str, *, gil_enabled: bool) -> float:
    """Return the ratio that a row is to reach on a version of CPython. No row is to lose."""
    found = GOALS.get(row)
    if found is None:
        return 1
    if not gil_enabled:
        return found.free_threaded
    major, minor = (int(part) for part in version.split(".")[:2])
    return found.until_3_13 if (major, minor) < (3, 14) else found.from_3_14
