"""A snapshot of all threads, of what they hold and of what they wait for."""

from __future__ import annotations

import dataclasses
import json
import sys
import threading
from dataclasses import dataclass
from typing import Any

from raddle import _native
from raddle.diagnostics._names import GivenNames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

# Of how many calls a thread's stack is shown.
_CALLS = 32

# Where the workers of pools begin.
_WORKERS = "raddle.concurrent.futures.thread"


@dataclass(frozen=True, slots=True)
class Wait:
    """One thread's wait. Times are in seconds."""

    thread: int
    """The thread's number in raddle, never used for another thread."""
    thread_name: str
    kind: str
    """What is waited for: "lock", "rlock", "condition", "event", "queue_get", "join" and so on."""
    object: int
    """The address of what is waited for: its identity."""
    waited: float
    number: int
    """Counts the waits of the thread: two looks can tell the same wait from the next one."""
    blocker: int | None
    """The number of the thread without which the wait does not end, where that is known."""
    blocker_name: str | None
    blocker_state: str
    """What has become of that thread: "alive", "ended" or "left_in_parent"."""
    ident: int
    native_id: int
    workers: int
    """How many workers the pool has, of which one must begin the task, if no more may be started; or 0."""
    unheard: int
    """How often a condition was notified while nobody waited; such notifications are lost."""


@dataclass(frozen=True, slots=True)
class Held:
    """A lock that a thread holds."""

    kind: str
    object: int


@dataclass(frozen=True, slots=True)
class Frame:
    """A place in a thread's code."""

    file: str
    line: int | None
    function: str


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread that has used raddle."""

    id: int
    name: str
    ident: int
    native_id: int
    daemon: bool
    state: str
    """"runnable", also while it waits for something else than raddle's objects, or "blocked"."""
    waits_for: Wait | None
    remaining: float | None
    """How many seconds it will wait at most from now on, if there is a limit."""
    holds: tuple[Held, ...]
    holds_more: int
    """How many more locks it holds than are listed."""
    stack: tuple[Frame, ...]
    """Where it stands in Python code, innermost first: the last few calls."""


@dataclass(frozen=True, slots=True)
class ConditionDetails:
    """What there is to know of a `Condition` that somebody waits for."""

    unheard: int
    """How often it was notified while nobody waited; such notifications are lost."""


@dataclass(frozen=True, slots=True)
class SemaphoreDetails:
    """What there is to know of a `Semaphore` that somebody waits for."""

    value: int


@dataclass(frozen=True, slots=True)
class EventDetails:
    """What there is to know of an `Event` that somebody waits for."""

    is_set: bool


@dataclass(frozen=True, slots=True)
class BarrierDetails:
    """What there is to know of a `Barrier`."""

    parties: int
    waiting: int
    broken: bool


Details = ConditionDetails | SemaphoreDetails | EventDetails | BarrierDetails


@dataclass(frozen=True, slots=True)
class Object:
    """Something that is held or waited for, or ever was waited for. Times are in seconds."""

    kind: str
    object: int
    owner: int | None
    """The number of the thread that has it, if it is one that somebody has; of those that read an `RWLock`, one."""
    readers: tuple[int, ...]
    """The numbers of the threads that read, of an `RWLock`."""
    waiters: tuple[int, ...]
    """The numbers of the threads that wait for it, the longest first."""
    name: str | None
    """What `raddle.diagnostics.name` has called it."""
    contended: int
    """How many waits for it are over."""
    longest_wait: float
    """How long the longest wait was, those that go on included."""
    details: Details | None


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue that was ever waited for. Times are in seconds."""

    object: int
    """The address of the queue: its identity."""
    name: str | None
    depth: int
    """How many items are in it."""
    maxsize: int
    """How many items there may be; 0 for any number."""
    unfinished: int
    """How many items were put and not reported as done."""
    high_water: int
    """The most items that were in it at a time."""
    getters: int
    """How many threads wait for an item."""
    putters: int
    """How many threads wait for a free place."""
    joiners: int
    """How many threads wait for all tasks to be done."""
    is_shut_down: bool
    contended: int
    """How many waits for it are over."""
    longest_wait: float
    """How long the longest wait was, those that go on included."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A thread of a pool."""

    thread: int
    thread_name: str
    task: str | None
    """The function that it runs, if that is Python code."""
    busy_for: float | None
    """How many seconds it has run that, some milliseconds more or less; None for an idle one."""


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool of threads."""

    object: int
    """The address of its queue of tasks: its identity."""
    max_workers: int
    workers: tuple[Worker, ...]
    idle: int
    """How many of the workers have no task."""
    backlog: int
    """How many tasks nobody has begun."""
    is_shut_down: bool


@dataclass(frozen=True, slots=True)
class Deadlock:
    """Threads that wait for each other, each for the next one, and the last for the first."""

    certainty: str
    """"certain", "probable" or "all_asleep"."""
    parties: tuple[Wait, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What raddle knows, at about one moment."""

    threads: tuple[Thread, ...]
    objects: tuple[Object, ...]
    deadlocks: tuple[Deadlock, ...]
    queues: tuple[Queue, ...]
    pools: tuple[Pool, ...]
    missed: int
    """How many waits were for objects that could not be remembered: there is room for 4096 at a time."""

    def to_json(self, indent: int | None = None) -> str:
        """Return the snapshot as JSON, with the names of the attributes as keys."""
        return json.dumps(dataclasses.asdict(self), indent=indent)


def snapshot() -> Snapshot:
    """Return who holds what and who waits for what, what was waited for, and what queues and pools do.

    Each thread and each object is seen at a moment of its own; nobody is stopped for longer than
    that. Threads that have not used raddle are not there, and neither are queues and pools that run
    the standard library's algorithm.
    """
    return snapshot_of(json.loads(_native._snapshot()))


def snapshot_of(found: dict[str, Any]) -> Snapshot:
    """Make a snapshot of what the native side has found."""
    names = Names(found["threads"])
    frames = sys._current_frames()
    called = GivenNames()
    idents: dict[int, int] = {thread["id"]: thread["ident"] for thread in found["threads"]}
    return Snapshot(
        threads=tuple(_thread(thread, names, frames.get(thread["ident"])) for thread in found["threads"]),
        objects=tuple(_object(one, called) for one in found["locks"]),
        deadlocks=tuple(deadlock_of(deadlock, names) for deadlock in found["deadlocks"]),
        queues=tuple(_queue(queue, called) for queue in found["queues"]),
        pools=tuple(_pool(pool, names, idents, frames) for pool in found["pools"]),
        missed=found["missed"],
    )


def deadlock_of(found: dict[str, Any], names: Names) -> Deadlock:
    """Make a deadlock of what the native side has found."""
    return Deadlock(found["certainty"], tuple(_wait(party, names) for party in found["parties"]))


class Names:
    """The names of threads: those of Python's objects, before those that the registry knows."""

    def __init__(self, threads: list[dict[str, Any]]) -> None:
        # A copy of a dict is made in one step. Asking `threading.enumerate` would wait for a lock.
        active: dict[int, Any] = dict(getattr(threading, "_active", {}))
        self._by_id = {
            thread["id"]: active[thread["ident"]].name if thread["ident"] in active else thread["name"]
            for thread in threads
        }

    def of(self, thread: int | None) -> str | None:
        """Return the name of the thread with this number, or what stands for one; None for none."""
        if thread is None:
            return None
        return self._by_id.get(thread) or f"thread {thread}"


def _thread(found: dict[str, Any], names: Names, frame: FrameType | None) -> Thread:
    wait, remaining = found["waits_for"], found["remaining"]
    return Thread(
        id=found["id"],
        name=names.of(found["id"]) or "",
        ident=found["ident"],
        native_id=found["native_id"],
        daemon=found["daemon"],
        state=found["state"],
        waits_for=None if wait is None else _wait(wait, names),
        remaining=None if remaining is None else remaining / 1e9,
        holds=tuple(Held(held["kind"], held["object"]) for held in found["holds"]),
        holds_more=found["holds_more"],
        stack=tuple(_stack(frame)),
    )


def _stack(frame: FrameType | None) -> Iterator[Frame]:
    """Yield where a thread stands, innermost first, for a bounded number of calls."""
    for _ in range(_CALLS):
        if frame is None:
            return
        yield Frame(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_qualname)
        frame = frame.f_back


_DETAILS: dict[str, Callable[..., Details]] = {
    "condition": ConditionDetails,
    "semaphore": SemaphoreDetails,
    "event": EventDetails,
    "barrier": BarrierDetails,
}


def _object(found: dict[str, Any], called: GivenNames) -> Object:
    details = None
    known: dict[str, dict[str, Any]] = found["details"] or {}
    for kind, values in known.items():
        details = _DETAILS[kind](**values)
    return Object(
        kind=found["kind"],
        object=found["object"],
        owner=found["owner"],
        readers=tuple(found["readers"]),
        waiters=tuple(found["waiters"]),
        name=called.of(found["object"]),
        contended=found["contended"],
        longest_wait=found["longest_wait"],
        details=details,
    )


def _queue(found: dict[str, Any], called: GivenNames) -> Queue:
    # Where the native side made it says nothing here.
    values = {key: value for key, value in found.items() if key != "site"}
    return Queue(name=called.of(found["object"]), **values)


def _pool(found: dict[str, Any], names: Names, idents: dict[int, int], frames: dict[int, FrameType]) -> Pool:
    return Pool(
        object=found["object"],
        max_workers=found["max_workers"],
        workers=tuple(
            Worker(
                thread=worker["thread"],
                thread_name=names.of(worker["thread"]) or "",
                task=None if worker["busy_for"] is None else _task_in(frames.get(idents.get(worker["thread"], 0))),
                busy_for=worker["busy_for"],
            )
            for worker in found["workers"]
        ),
        idle=found["idle"],
        backlog=found["backlog"],
        is_shut_down=found["is_shut_down"],
    )


def _task_in(frame: FrameType | None) -> str | None:
    """Return the function that a worker with this innermost frame has called."""
    task = None
    while frame is not None:
        if frame.f_code.co_name == "_work" and frame.f_globals.get("__name__") == _WORKERS:
            return task
        task = f"{frame.f_globals.get('__name__', '?')}.{frame.f_code.co_qualname}"
        frame = frame.f_back
    return None


def _wait(found: dict[str, Any], names: Names) -> Wait:
    return Wait(
        thread=found["thread"],
        thread_name=names.of(found["thread"]) or "",
        kind=found["kind"],
        object=found["object"],
        waited=found["waited"],
        number=found["number"],
        blocker=found["blocker"],
        blocker_name=names.of(found["blocker"]),
        blocker_state=found["blocker_state"],
        ident=found["ident"],
        native_id=found["native_id"],
        workers=found["workers"],
        unheard=found["unheard"],
    )
