"""What is switched in this process, class by class: found out by looking at their objects."""

from __future__ import annotations

import json
import sys
from operator import attrgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    # A type of the native module, and what makes an object that is of this type if it is ours.
    _Subjects = dict[str, tuple[type, Callable[[], object]]]

NATIVE = "native"
STOCK_ON_NATIVE = "stock, on native primitives"
STOCK = "stock"


def report() -> dict[str, str]:
    """Return for each class whether it is native, stock on native primitives, or stock."""
    import queue
    import threading
    from concurrent import futures

    from raddle import _native

    natives: _Subjects = {
        "threading.Lock": (_native.lock, threading.Lock),
        "threading.RLock": (_native.RLock, threading.RLock),
        "threading.Condition": (_native.Condition, threading.Condition),
        "threading.Event": (_native.Event, threading.Event),
        "threading.Semaphore": (_native.Semaphore, threading.Semaphore),
        "threading.BoundedSemaphore": (_native.BoundedSemaphore, threading.BoundedSemaphore),
        "threading.Barrier": (_native.Barrier, lambda: threading.Barrier(1)),
        "queue.Queue": (_native.Queue, queue.Queue),
        "queue.LifoQueue": (_native.Queue, queue.LifoQueue),
        "queue.SimpleQueue": (_native.SimpleQueue, queue.SimpleQueue),
        "concurrent.futures.Future": (_native.Future, futures.Future),
        "concurrent.futures.ThreadPoolExecutor": (
            _native.ThreadPoolExecutor,
            lambda: futures.ThreadPoolExecutor(1),
        ),
    }
    # Of these, what their objects wait on, under a private name that the type checkers do not know.
    started = attrgetter("_started")
    stock: _Subjects = {
        "threading.Thread": (_native.Event, lambda: started(threading.Thread())),
        "queue.PriorityQueue": (_native.Condition, lambda: queue.PriorityQueue().not_empty),
    }
    return {
        name: found if isinstance(make(), kind) else STOCK
        for subjects, found in ((natives, NATIVE), (stock, STOCK_ON_NATIVE))
        for name, (kind, make) in subjects.items()
    }


def main() -> None:
    """Print the report and the early binders of this process as JSON.

    The arguments are modules to import before `raddle.install()`.
    """
    import importlib

    import raddle

    modules = sys.argv[1:]
    for module in modules:
        importlib.import_module(module)
    if modules:
        raddle.install()
    print(json.dumps({"classes": report(), "early_binders": raddle.early_binders()}))
