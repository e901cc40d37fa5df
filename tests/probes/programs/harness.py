"""What the probe programs share: the guard, and waiting until threads are blocked without sleeping blindly."""

from __future__ import annotations

import _thread
import concurrent.futures
import faulthandler
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

IS_RADDLE = os.environ["RADDLE_TEST_IMPLEMENTATION"] == "raddle"

# Longer than any healthy wait here and shorter than the parent's own time box.
TIME_BOX = 40.0


def start(*, watchdog: bool = True) -> None:
    """Begins a probe: asserts what it runs on, and has a hang end with every thread's stack on stderr.

    A program that forks goes without the watchdog, which a forked child can neither use nor cancel.
    """
    if watchdog:
        faulthandler.dump_traceback_later(TIME_BOX + 20.0, exit=True)
    if not IS_RADDLE:
        assert not any(name.startswith("raddle") for name in sys.modules), "the stock run must be stock"
        return
    import raddle._native as native

    assert native.__file__.endswith((".so", ".pyd")), native.__file__
    assert _thread.allocate_lock is native.allocate_lock
    assert type(threading.Lock()) is native.lock
    assert type(threading.RLock()) is native.RLock
    for name in ("Condition", "Event", "Semaphore", "BoundedSemaphore", "Barrier"):
        assert issubclass(getattr(threading, name), getattr(native, name)), name
    assert issubclass(queue.Queue, native.Queue)
    assert issubclass(concurrent.futures.Future, native.Future)
    assert issubclass(concurrent.futures.ThreadPoolExecutor, native.ThreadPoolExecutor)


def wait_until(condition: Callable[[], Any], what: str = "a condition") -> None:
    """Returns when ``condition()`` holds; fails after the time box."""
    deadline = time.monotonic() + TIME_BOX
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come to hold within {TIME_BOX} s")
        time.sleep(0.001)


def wait_until_blocked(threads: Sequence[Any]) -> None:
    """Returns when every thread sleeps in a wait; on raddle the registry must say so as well."""
    wait_until(lambda: are_blocked([thread.native_id for thread in threads]), f"{len(threads)} blocked threads")


def are_blocked(native_ids: Sequence[int | None]) -> bool:
    """Whether these threads sleep in waits: the kernel has them asleep, and left them so between two looks."""
    if IS_RADDLE and not blocked_in_registry().issuperset(native_ids):
        return False
    first = [kernel_state(native_id) for native_id in native_ids]
    if not all(state is not None and state[0] == "S" for state in first):
        return False
    # The interpreter's lock is free meanwhile, so that a thread which only waits for that lock gets it and moves.
    time.sleep(0.005)
    return [kernel_state(native_id) for native_id in native_ids] == first


def blocked_in_registry() -> set[int]:
    """The native ids of the threads that raddle's registry calls blocked."""
    import raddle._native as native

    return {thread["native_id"] for thread in native.threads() if thread["state"] == "blocked"}


def kernel_state(native_id: int | None) -> tuple[str, str] | None:
    """A thread's state letter and how often it has gone to sleep so far; None for one that does not run."""
    try:
        with open(f"/proc/self/task/{native_id}/status", encoding="ascii") as file:
            fields = dict(line.split(":", 1) for line in file)
    except FileNotFoundError:
        return None
    return fields["State"].split()[0], fields["voluntary_ctxt_switches"].strip()


def start_thread(function: Callable[..., Any], *arguments: Any, daemon: bool = True) -> threading.Thread:
    """Starts a thread; a daemon, so that a failed probe ends."""
    thread = threading.Thread(target=function, args=arguments, daemon=daemon)
    thread.start()
    return thread


def join_all(threads: Sequence[threading.Thread]) -> None:
    """Joins threads within the time box."""
    for thread in threads:
        thread.join(TIME_BOX)
        assert not thread.is_alive(), f"{thread.name} did not end"


class PythonLock:
    """A lock made in Python, as a program may hand one to a Condition."""

    def __init__(self) -> None:
        """Wraps a real lock."""
        self.inner = threading.Lock()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Takes the lock."""
        return self.inner.acquire(blocking, timeout)

    def release(self) -> None:
        """Gives it back."""
        self.inner.release()

    def locked(self) -> bool:
        """Whether somebody has it."""
        return self.inner.locked()

    def __enter__(self) -> bool:
        """Takes the lock."""
        return self.acquire()

    def __exit__(self, *details: object) -> None:
        """Gives it back."""
        self.release()


class PythonQueue(queue.Queue):
    """A queue whose hooks are overridden, as many programs do."""

    def _put(self, item: Any) -> None:
        super()._put(item)

    def _get(self) -> Any:
        return super()._get()
