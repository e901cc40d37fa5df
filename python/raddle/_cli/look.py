"""`raddle ps`, `raddle locks` and `raddle dump`: a running process seen from outside."""

from __future__ import annotations

import json
import re
import sys

from raddle._cli import tables
from raddle._cli.ask import NoAnswerError, ask, askable, command_of, native_threads_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    Answer: TypeAlias = dict[str, Any]

# The exit code when a process could not be looked at.
_NO_ANSWER = 1

# By this name the thread that answers is known to the operating system.
_OWN_THREAD = "raddle-inspect"

# Where a program is written in Rust, these places are its own. In Python they are raddle's, and say nothing.
_OF_THE_BINDING = re.compile(r",? (?:in|at) \S*raddle-python/src/[^\s;]+")

_KINDS = {
    "lock": "Lock",
    "rlock": "RLock",
    "rwlock": "RwLock",
    "condition": "Condition",
    "event": "Event",
    "semaphore": "Semaphore",
    "barrier": "Barrier",
    "queue_get": "Queue, for an item",
    "queue_put": "Queue, for a free place",
    "queue_join": "Queue, for its tasks to be done",
    "future": "Future",
    "task": "pool, for a task",
    "tasks_done": "pool, for its tasks to be done",
}


def ps(pid: int | None, *, as_json: bool) -> int:
    """Show the threads of a process; without a number, the processes that can be looked at."""
    return _list(as_json) if pid is None else _look(pid, as_json, "threads", _show_threads)


def locks(pid: int, *, as_json: bool) -> int:
    """Show who has what, and who waits for it."""
    return _look(pid, as_json, "locks", _show_locks)


def dump(pid: int, *, as_json: bool) -> int:
    """Show everything."""
    return _look(pid, as_json, None, _show_all)


def _look(pid: int, as_json: bool, part: str | None, show: Callable[[Answer], None]) -> int:
    try:
        answer = ask(pid)
    except NoAnswerError as error:
        print(f"raddle: {error}", file=sys.stderr)
        return _NO_ANSWER
    if not as_json:
        return tables.in_one_go(lambda: show(answer))
    told = answer
    if part is not None:
        told = {"raddle": answer["raddle"], "pid": answer["pid"], part: answer["snapshot"][part]}
    return tables.in_one_go(lambda: print(json.dumps(told, indent=2)))


def _list(as_json: bool) -> int:
    found = [{"pid": pid, "command": command_of(pid)} for pid in askable()]
    if as_json:
        return tables.in_one_go(lambda: print(json.dumps(found, indent=2)))
    if not found:
        print("No process of yours lets itself be looked at: start one with `raddle run --inspect`.")
        return 0
    return tables.in_one_go(
        lambda: tables.show(["PID", "COMMAND"], [[str(one["pid"]), str(one["command"])] for one in found])
    )


def _show_threads(answer: Answer) -> None:
    snapshot, names = answer["snapshot"], _Names(answer)
    rows = [
        [
            names.of(thread["id"]),
            str(thread["native_id"]),
            str(thread["state"]),
            _aim(thread, names),
            "" if thread["waits_for"] is None else _seconds(thread["waits_for"]["waited"]),
            _holds(thread),
        ]
        for thread in snapshot["threads"]
    ]
    known = {thread["native_id"] for thread in snapshot["threads"]}
    rows += [
        [name, str(number), "not seen", "", "", ""]
        for number, name in sorted(names.native.items())
        if number not in known and name != _OWN_THREAD
    ]
    tables.show(["NAME", "NATIVE ID", "STATE", "WAITS FOR", "SINCE", "HOLDS"], rows)


def _show_locks(answer: Answer) -> None:
    names = _Names(answer)
    found = answer["snapshot"]["locks"]
    if not found:
        print("Nothing is held, and nobody waits.")
        return
    common = {"kind", "object", "owner", "readers", "waiters"}
    more = [key for key in found[0] if key not in common]
    rows = [
        [
            _kind(lock["kind"]),
            hex(lock["object"]),
            ", ".join(names.of(owner) for owner in _owners(lock)),
            ", ".join(names.of(waiter) for waiter in lock["waiters"]),
            *(_cell(key, lock.get(key)) for key in more),
        ]
        for lock in found
    ]
    tables.show(["KIND", "OBJECT", "OWNER", "WAITERS, IN ORDER", *map(_heading, more)], rows)


def _owners(lock: dict[str, Any]) -> list[int]:
    owner: list[int] = [] if lock["owner"] is None else [lock["owner"]]
    return lock.get("readers") or owner


def _show_all(answer: Answer) -> None:
    command = command_of(answer["pid"])
    print(f"Process {answer['pid']}, on raddle {answer['raddle']}{': ' if command else ''}{tables.printable(command)}")
    print("\nThreads\n")
    _show_threads(answer)
    print("\nWhat is held or waited for\n")
    _show_locks(answer)
    parts: dict[str, Any] = answer["snapshot"]
    for part in parts:
        if part not in ("threads", "locks", "deadlocks") and isinstance(parts[part], list) and parts[part]:
            print(f"\n{_heading(part).capitalize()}\n")
            _show_any(parts[part])
    print("\nDeadlocks\n")
    for report in answer["reports"] or ["No threads wait for each other."]:
        print("\n".join(tables.printable(_OF_THE_BINDING.sub("", line)) for line in report.splitlines()))


def _show_any(found: list[dict[str, Any]]) -> None:
    """Show what has the same keys, whatever they are."""
    rows = [[_cell(key, one.get(key)) for key in found[0]] for one in found]
    tables.show([_heading(key) for key in found[0]], rows)


class _Names:
    """What threads are called."""

    def __init__(self, answer: Answer) -> None:
        # Who has no name here has one with the operating system, which calls the main thread as its program.
        self.native = native_threads_of(answer["pid"]) | {answer["pid"]: "MainThread"}
        self._by_id = {
            thread["id"]: thread["name"] or self.native.get(thread["native_id"]) or f"thread {thread['native_id']}"
            for thread in answer["snapshot"]["threads"]
        }

    def of(self, number: int) -> str:
        return self._by_id.get(number, "a thread that has ended")


def _aim(thread: dict[str, Any], names: _Names) -> str:
    wait = thread["waits_for"]
    if wait is None:
        return ""
    blocker = None if wait["blocker"] is None else names.of(wait["blocker"])
    if wait["kind"] == "join":
        words = f"the end of {blocker or 'a thread'}"
    else:
        words = f"{_kind(wait['kind'])}, {wait['object']:#x}"
        if blocker is not None:
            states = {"ended": "a thread that has ended", "left_in_parent": "a thread of the parent process"}
            words += f", which {states.get(wait['blocker_state'], blocker)} has"
    remaining = thread["remaining"]
    return words if remaining is None else f"{words}, at most {_seconds(remaining / 1e9)} more"


def _holds(thread: dict[str, Any]) -> str:
    held = [f"{_kind(one['kind'])} {one['object']:#x}" for one in thread["holds"]]
    return ", ".join([*held, *([f"{thread['holds_more']} more"] if thread["holds_more"] else [])])


def _kind(kind: str) -> str:
    return _KINDS.get(kind, kind)


def _heading(key: str) -> str:
    return key.replace("_", " ").upper()


def _cell(key: str, value: Any) -> str:
    if value is None:
        return ""
    if key == "object" and isinstance(value, int):
        return hex(value)
    return value if isinstance(value, str) else json.dumps(value)


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"
