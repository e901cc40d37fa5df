"""Deadlocks in words: who waits for what, who has it, and where each of them stands."""

from __future__ import annotations

import collections
import json
import os
import signal
import sys
import threading
import traceback
from typing import Any

from raddle import _install, _native
from raddle.diagnostics._acquired import acquired_at
from raddle.diagnostics._names import name_of
from raddle.diagnostics._snapshot import Deadlock, Names, Wait, deadlock_of, snapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from types import FrameType

# How many reported deadlocks are kept, and how many lines of a stack are shown.
_KEPT = 16
_LINES = 8

_reported: collections.deque[Deadlock] = collections.deque(maxlen=_KEPT)
# The standard library's: what raddle says of deadlocks must not depend on what it says it of.
_reporting: Any = _install.stock_lock()
# A thread that reported may not exist in a child.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reporting._at_fork_reinit)


class DeadlockError(RuntimeError):
    """Raised in a thread that waits for what can never come, in the place of the wait.

    The other threads of the deadlock go on when this one has released what they wait for.
    """

    __module__ = "raddle.diagnostics"

    def __init__(self, report: str, deadlock: Deadlock | None = None) -> None:
        super().__init__(report)
        self.deadlock = deadlock
        """The threads, and what each of them waits for."""


def deadlocks() -> tuple[Deadlock, ...]:
    """Return the deadlocks that were raised or reported in this process, the last few, oldest first."""
    return tuple(_reported)


def describe(deadlock: Deadlock) -> str:
    """Say in words who waits for what, who has it, and where each thread stands."""
    # The threads are asleep. Only the one that raises is not: it stands where it waited.
    frames = sys._current_frames()
    stacks = {party.thread: _stack(frames.get(party.ident)) for party in deadlock.parties}
    lines = [_heading(deadlock)]
    for party in deadlock.parties:
        # Its own words for what it waits for come before those of the others.
        others = [frame for thread, stack in stacks.items() if thread != party.thread for frame in stack]
        lines.append(f"  {_sentence(party, [*stacks[party.thread], *others])}")
        lines += [f"    {line}" for line in _place(stacks[party.thread])]
        lines += [f"    {line}" for line in _acquisition(party, stacks)]
        lines += [f"    {line}" for line in _remark(party)]
    return "\n".join(lines)


def describe_threads(without: Collection[int | None] = ()) -> str:
    """Say in words what every thread of Python does, what it waits for and what it holds, and where it stands."""
    frames = sys._current_frames()
    known = {thread.ident: thread for thread in snapshot().threads}
    active: dict[int, Any] = dict(getattr(threading, "_active", {}))
    lines: list[str] = []
    for ident, frame in frames.items():
        if ident in without:
            continue
        thread, stack = known.get(ident), _stack(frame)
        wait = thread.waits_for if thread is not None else None
        if wait is not None:
            lines.append(f"  {_sentence(wait, stack)}")
        else:
            lines.append(
                f"  {active[ident].name if ident in active else f'thread {ident}'} waits for nothing of raddle:"
            )
        for held in thread.holds if thread is not None else ():
            called = name_of(held.object, stack)
            kind = _AIMS[held.kind].rpartition(" ")[2]
            lines.append(f"    It holds the {kind} {f'`{called}`' if called else f'at {held.object:#x}'}.")
        lines += [f"    {line}" for line in _place(stack)]
    return "\n".join(lines)


def tell(text: str) -> None:
    """Report what the native side has found, if it is still so and nobody can be expected to end it."""
    found = json.loads(text)
    now = json.loads(_native._snapshot())
    deadlock = deadlock_of(found, Names(now["threads"]))
    waits: set[tuple[int, int]] = {
        (thread["id"], thread["waits_for"]["number"]) for thread in now["threads"] if thread["waits_for"]
    }
    if any((party.thread, party.number) not in waits for party in deadlock.parties):
        return
    if _may_be_ended_by_a_signal(deadlock):
        return
    with _reporting:
        if _is_known(deadlock):
            return
        _reported.append(deadlock)
    report = f"raddle: {describe(deadlock)}\n"
    stream = sys.stderr or sys.__stderr__
    if stream is not None:
        # In one piece, so that it does not mix with what others write.
        stream.write(report)
        stream.flush()


def settle(text: str) -> None:
    """Raise `DeadlockError`, unless a signal may end the deadlock."""
    deadlock = deadlock_of(json.loads(text), Names(json.loads(_native._snapshot())["threads"]))
    if _may_be_ended_by_a_signal(deadlock):
        return
    _reported.append(deadlock)
    raise DeadlockError(describe(deadlock), deadlock)


def _may_be_ended_by_a_signal(deadlock: Deadlock) -> bool:
    """Return whether the main thread takes part, and handlers are set that could do anything."""
    main = threading.main_thread().ident
    if all(party.ident != main for party in deadlock.parties):
        return False
    harmless = (signal.SIG_DFL, signal.SIG_IGN, signal.default_int_handler, None)
    return any(signal.getsignal(number) not in harmless for number in signal.valid_signals())


def _is_known(deadlock: Deadlock) -> bool:
    """Return whether threads sleep because of a deadlock that was reported already."""
    waits = {(party.thread, party.number) for party in deadlock.parties}
    return any(waits >= {(party.thread, party.number) for party in known.parties} for known in _reported)


def _heading(deadlock: Deadlock) -> str:
    count = len(deadlock.parties)
    if deadlock.certainty == "all_asleep":
        return "all threads are asleep: nothing is left in this process that could wake one of them."
    if any(party.workers for party in deadlock.parties):
        who = "1 thread waits" if count == 1 else f"{count} threads wait"
        return f"probable deadlock: {who} for a free worker of a pool, and none can become free."
    if count == 1 and deadlock.parties[0].blocker != deadlock.parties[0].thread:
        probably = "" if deadlock.certainty == "certain" else "probably "
        return f"deadlock: a lock will {probably}never be released."
    if deadlock.certainty == "certain" and count == 1:
        return "deadlock: a thread waits for itself, and cannot go on."
    if deadlock.certainty == "certain":
        return f"deadlock: {count} threads wait for each other, and none of them can go on."
    return f"probable deadlock: {count} threads wait for each other; only another thread could end that."


# In words what is waited for, by the kind. The last word is what it is called.
_AIMS = _native._aims()


def _sentence(party: Wait, frames: list[FrameType]) -> str:
    if party.kind == "join":
        aim = f"for the end of {party.blocker_name}"
    else:
        called = name_of(party.object, frames)
        aim = f"{_AIMS[party.kind]} {f'`{called}`' if called else f'at {party.object:#x}'}"
    words = f"{party.thread_name} (native id {party.native_id}) waits {aim}"
    if party.blocker is not None and party.kind != "join":
        if party.blocker_state == "ended":
            words += ", held by a thread that has ended"
        elif party.blocker_state == "left_in_parent":
            words += ", held by a thread that does not exist in this forked child"
        elif party.kind == "future":
            words += (
                ", which it works on itself"
                if party.blocker == party.thread
                else f", on which {party.blocker_name} works"
            )
        elif party.blocker == party.thread:
            words += ", which it holds itself"
        else:
            words += f", held by {party.blocker_name}"
    return f"{words}, since {_duration(party.waited)}:"


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def _acquisition(party: Wait, stacks: dict[int, list[FrameType]]) -> list[str]:
    """Say where the one who is waited for acquired what is waited for, if its stack tells."""
    if party.blocker is None or party.kind not in ("lock", "rlock", "condition"):
        return []
    place = acquired_at(party.object, stacks.get(party.blocker, ()))
    if place is None:
        return []
    file, line, function = place
    return [f'It was acquired in File "{file}", line {line}, in {function}']


def _remark(party: Wait) -> list[str]:
    if party.kind == "condition":
        if party.unheard:
            times = "once" if party.unheard == 1 else f"{party.unheard} times"
            return [
                f"The condition was notified {times} while nobody waited. Such a notification is lost: wait only",
                "while what is waited for is not there yet, as in `while not ready: condition.wait()`.",
            ]
        return ["The condition has never been notified while nobody waited."]
    if party.workers:
        workers = "the only worker" if party.workers == 1 else f"all {party.workers} workers"
        return [
            f"Nobody has begun its task: {workers} of the pool would have to end a task first. That cannot happen with",
            "more workers, or with tasks that do not wait for tasks of their own pool.",
        ]
    if party.kind == "lock" and party.blocker == party.thread:
        return ["A Lock is not reentrant: to acquire it again in the same thread needs an RLock."]
    if party.blocker == party.thread:
        return ["What it has already is in its way: it has to release that first."]
    return []


def _stack(frame: FrameType | None) -> list[FrameType]:
    """Return the frames of a thread, innermost first, without raddle's own and what starts a thread."""
    frames: list[FrameType] = []
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    own = [frame for frame in frames if not _is_internal(frame)]
    return own or frames


def _is_internal(frame: FrameType) -> bool:
    module = str(frame.f_globals.get("__name__", ""))
    return module.partition(".")[0] == "raddle" or module == "threading"


def _place(stack: list[FrameType]) -> Iterator[str]:
    summary = traceback.StackSummary.extract(((frame, frame.f_lineno) for frame in stack[:_LINES]), lookup_lines=True)
    for entry in summary:
        yield f'File "{entry.filename}", line {entry.lineno}, in {entry.name}'
        if entry.line:
            yield f"  {entry.line}"
    if len(stack) > _LINES:
        yield f"... and {len(stack) - _LINES} frames that called these"
