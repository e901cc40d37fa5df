"""Runs one of the programs as ``__main__`` and asserts, in the same process, that it ran on raddle.

Usage: ``raddle run witness.py PROGRAM``. A line of the output, ``native: ...``, names what was found to be native.
"""

import runpy
import sys
from pathlib import Path

# What each program leaves in its globals, and the native type that must be behind it.
OBJECTS = {
    "04_lock": {"lock": "lock"},
    "05_rlock": {"rlock": "RLock"},
    "06_condition": {"condition": "Condition"},
    "07_semaphore": {"semaphore": "Semaphore"},
    "08_queue": {"q": "Queue"},
    "09_thread_pool": {"executor": "ThreadPoolExecutor"},
}


def main() -> None:
    """Runs the program between two looks at the classes, then looks at the objects it made."""
    program = Path(sys.argv[1])
    sys.argv = [str(program)]
    assert_classes_are_native()
    left = runpy.run_path(str(program), run_name="__main__")
    assert_classes_are_native()
    found = [assert_native(left[name], kind) for name, kind in OBJECTS.get(program.stem, {}).items()]
    found += [assert_native(thread._started, "Event") for thread in threads_of(left)]
    if "executor" in left:
        assert left["executor"]._threads
        found += [assert_native(thread._started, "Event") for thread in left["executor"]._threads]
        # Its tasks went through this, and not through the standard library's way of working.
        found.append(assert_native(left["executor"]._work_queue, "SimpleQueue"))
        assert left["executor"]._parts is not None
    assert found, f"{program.stem} used nothing of ours"
    print("native:", *sorted(set(found)))


def assert_classes_are_native() -> None:
    """Fails unless every class that the standard modules offer now is raddle's."""
    import _thread
    import concurrent.futures
    import queue
    import threading

    import raddle._native as native

    assert native.__file__.endswith((".so", ".pyd")), native.__file__
    assert _thread.allocate_lock is native.allocate_lock
    assert _thread.LockType is native.lock
    assert type(threading.Lock()) is native.lock
    assert type(threading.RLock()) is native.RLock
    for name in ("Condition", "Event", "Semaphore", "BoundedSemaphore", "Barrier"):
        assert issubclass(getattr(threading, name), getattr(native, name)), name
    assert issubclass(queue.Queue, native.Queue)
    assert queue.SimpleQueue is native.SimpleQueue
    assert issubclass(concurrent.futures.Future, native.Future)
    assert issubclass(concurrent.futures.ThreadPoolExecutor, native.ThreadPoolExecutor)


def threads_of(left: dict) -> list:
    """The threads among a program's globals."""
    import threading

    values = [item for value in left.values() for item in (value if isinstance(value, list) else [value])]
    return [value for value in values if isinstance(value, threading.Thread)]


def assert_native(subject: object, kind: str) -> str:
    """Fails unless ``subject`` is of the native type ``kind``, else returns that name."""
    import raddle._native as native

    assert isinstance(subject, getattr(native, kind)), f"{subject!r} is not a native {kind}"
    return kind


if __name__ == "__main__":
    main()
