"""What raddle knows of its threads: deadlocks, and snapshots.

Threads that wait for each other are found while they wait. A deadlock that nobody can end raises
`DeadlockError` in one of its threads; one that somebody outside might end is reported on standard
error, and so is a process whose threads are all asleep. `configure` changes that, and so does the
environment variable RADDLE_DEADLOCKS, with the same words.

`serve` lets `raddle ps`, `raddle locks` and `raddle dump` look at the process from outside, as does
`raddle run --inspect`, or RADDLE_INSPECT=1 in the environment.

Only waits on raddle's classes are seen: of `raddle.threading` and `raddle.queue`, or of a program
that runs on raddle as a whole, whose `Thread.join` is seen as well.
"""

from __future__ import annotations

from raddle import _deadlocks
from raddle.diagnostics._names import name
from raddle.diagnostics._report import DeadlockError, deadlocks
from raddle.diagnostics._serve import Server, serve
from raddle.diagnostics._snapshot import (
    BarrierDetails,
    ConditionDetails,
    Deadlock,
    EventDetails,
    Frame,
    Held,
    Object,
    Pool,
    Queue,
    SemaphoreDetails,
    Snapshot,
    Thread,
    Wait,
    Worker,
    snapshot,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

__all__ = [
    "BarrierDetails",
    "ConditionDetails",
    "Deadlock",
    "DeadlockError",
    "EventDetails",
    "Frame",
    "Held",
    "Object",
    "Pool",
    "Queue",
    "SemaphoreDetails",
    "Server",
    "Snapshot",
    "Thread",
    "Wait",
    "Worker",
    "configure",
    "deadlocks",
    "name",
    "serve",
    "snapshot",
]


def configure(
    *,
    deadlocks: Literal["raise", "report", "off"] | None = None,
    grace: float | None = None,
) -> None:
    """Say what is done about deadlocks in this process, from the next wait on.

    `deadlocks` is "raise": one that nobody can end raises `DeadlockError` in the thread that finds
    it, others are reported; "report": all are reported; "off": nobody looks for them. `grace` is
    how many seconds one that is not certain has to last before it is reported.

    Errors: `ValueError` for another word, or a negative time.
    """
    settings = _deadlocks.settings
    _deadlocks.watch(
        settings.deadlocks if deadlocks is None else deadlocks,
        settings.grace if grace is None else grace,
    )
