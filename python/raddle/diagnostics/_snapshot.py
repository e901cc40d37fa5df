"""A snapshot of all threads, of what they hold and of what they wait for."""

from __future__ import annotations

import dataclasses
import json
import threading
from dataclasses import dataclass
from typing import Any

from raddle import _native


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
    unheard: int
    """How often a condition was notified while nobody waited; such notifications are lost."""


@dataclass(frozen=True, slots=True)
class Held:
    """A lock that a thread holds."""

    kind: str
    object: int


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


@dataclass(frozen=True, slots=True)
class Object:
    """Something that is held or waited for."""

    kind: str
    object: int
    owner: int | None
    """The number of the thread that has it, if it is one that somebody has."""
    waiters: tuple[int, ...]
    """The numbers of the threads that wait for it, the longest first."""


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

    def to_json(self, indent: int | None = None) -> str:
        """Return the snapshot as JSON, with the names of the attributes as keys."""
        return json.dumps(dataclasses.asdict(self), indent=indent)


def snapshot() -> Snapshot:
    """Return who holds what and who waits for what. Nobody is stopped for it.

    Each thread is seen at a moment of its own. Threads that have not used raddle are not there.
    """
    return snapshot_of(json.loads(_native._snapshot()))


def snapshot_of(found: dict[str, Any]) -> Snapshot:
    """Make a snapshot of what the native side has found."""
    names = Names(found["threads"])
    return Snapshot(
        threads=tuple(_thread(thread, names) for thread in found["threads"]),
        objects=tuple(
            Object(one["kind"], one["object"], one["owner"], tuple(one["waiters"])) for one in found["locks"]
        ),
        deadlocks=tuple(deadlock_of(deadlock, names) for deadlock in found["deadlocks"]),
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


def _thread(found: dict[str, Any], names: Names) -> Thread:
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
    )


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
        unheard=found["unheard"],
    )
