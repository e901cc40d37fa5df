"""Runs pytest in a process whose classes are checked before and after: ``guard.py stock|raddle [PYTEST OPTION ...]``.

Exit code 70 means that the tests ran, or would have run, on the wrong classes, or that raddle took the process for
deadlocked; any other is pytest's.
"""

from __future__ import annotations

import os
import sys
from typing import Any

WRONG = 70

# The native classes that bear another name. One is behind all queues but the simple one.
NATIVE = {"Lock": "lock", "LifoQueue": "Queue", "PriorityQueue": "Queue"}


def main() -> int:
    """Runs the tests on the implementation that is named first."""
    implementation = sys.argv.pop(1)
    # As `python -m pytest` has it. The folder of this file would shadow what the tests import.
    sys.path[0] = os.getcwd()
    wrong = what_is_wrong(implementation)
    if wrong:
        return tell("before the tests", wrong)

    import pytest

    ending = pytest.main(sys.argv[1:])
    wrong = what_is_wrong(implementation) + deadlocks_told_of()
    return tell("after the tests", wrong) if wrong else ending


def tell(when: str, wrong: list[str]) -> int:
    """Says what is wrong and returns the exit code for it."""
    sys.stdout.flush()
    print(f"the guard, {when}:", *wrong, sep="\n  ", file=sys.stderr, flush=True)
    return WRONG


def what_is_wrong(implementation: str) -> list[str]:
    """The classes of this process that are not those of the implementation that is named."""
    # What the tests import. It must not switch anything, or the guard would see what it did itself.
    import concurrent.futures
    import queue
    import threading

    native: Any = sys.modules.get("raddle._native")
    wrong = []
    for module, names in {
        threading: ("Lock", "RLock", "Condition", "Event", "Semaphore", "BoundedSemaphore", "Barrier"),
        queue: ("Queue", "LifoQueue", "PriorityQueue", "SimpleQueue"),
        concurrent.futures: ("Future", "ThreadPoolExecutor"),
    }.items():
        for name in names:
            made = getattr(module, name)
            # The two locks are made by functions in some versions.
            found = type(made()) if name in ("Lock", "RLock") else made
            wanted = getattr(native, NATIVE.get(name, name), None)
            ours = wanted is not None and issubclass(found, wanted)
            if ours is not (implementation == "raddle"):
                wrong.append(f"{module.__name__}.{name} is {'raddle' if ours else 'stock'}")
    if implementation == "stock":
        wrong += [f"{name} was imported" for name in sorted(sys.modules) if name.split(".")[0] == "raddle"]
    return wrong


def deadlocks_told_of() -> list[str]:
    """The deadlocks that raddle reported or raised, also those that a test swallowed."""
    diagnostics: Any = sys.modules.get("raddle.diagnostics")
    return [f"raddle: {report}" for report in diagnostics.deadlocks()] if diagnostics else []


if __name__ == "__main__":
    sys.exit(main())
