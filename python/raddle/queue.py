"""The standard library's `queue` with raddle's queues in it.

Every public name of the running interpreter's `queue` is here. `Queue` is raddle's own;
`LifoQueue` and `PriorityQueue` run the standard library's algorithm on raddle's lock and
conditions; all other names are the standard library's, live.
"""

# At run time the native class has no type parameters.
# pyright: reportMissingTypeArgument=false

import queue as _stock
from collections import deque

from raddle import _facade, _native
from raddle import threading as _threading


# Kept, because `raddle.install()` puts ours in its place.
_StockQueue = _stock.Queue


class Queue(_native.Queue, _StockQueue):
    """A first-in first-out queue for many producers and many consumers.

    `maxsize` is the number of items from which `put` waits; zero or less means no bound.

    Fairness: items go to waiting consumers, and free places to waiting producers, in the order in
    which they began to wait.

    Timeouts: in seconds, `None` waits without end. `put` raises `Full`, and `get` raises `Empty`,
    when the time is over, or at once with `block=False`.

    Differences from CPython: the first touch of `mutex`, `queue`, `not_empty`, `not_full` or
    `all_tasks_done`, and a subclass that overrides `_init`, `_qsize`, `_put` or `_get`, moves the
    queue for good to the standard library's algorithm, with the items and the waiting threads.
    """

    def __init__(self, maxsize: int = 0) -> None:
        if _has_hooks(type(self)) or not self._begin(maxsize):
            self._retire()
            _StockQueue.__init__(self, maxsize)

    def _move_out(self) -> None:
        """Hand over to the standard library's algorithm, for good."""
        with _moving:
            if not self._is_retired():
                self._make_successor()

    def _make_successor(self) -> None:
        mutex = _threading.Lock()
        attributes = self.__dict__
        attributes.update(
            mutex=mutex,
            not_empty=_threading.Condition(mutex),
            not_full=_threading.Condition(mutex),
            all_tasks_done=_threading.Condition(mutex),
        )
        # Whoever finds the queue retired comes to the lock first.
        with mutex:
            items, unfinished, maxsize, is_shutdown = self._retire()
            attributes.update(
                queue=deque(items),
                unfinished_tasks=unfinished,
                maxsize=maxsize,
                is_shutdown=is_shutdown,
            )


def _has_hooks(kind: type[Queue]) -> bool:
    """Whether a class says itself how items are kept."""
    return any(getattr(kind, hook) is not getattr(_StockQueue, hook) for hook in _HOOKS)


_HOOKS = ("_init", "_qsize", "_put", "_get")

# One queue moves out at a time: it is rare, and so nobody finds it half done.
_moving = _threading.RLock()


def _of_the_successor(name: str) -> property:
    """An attribute that only the standard library's algorithm has: its first use moves the queue out."""

    def get(self: Queue) -> object:
        self._move_out()
        try:
            return self.__dict__[name]
        except KeyError:
            raise AttributeError(name) from None

    def set(self: Queue, value: object) -> None:
        self._move_out()
        self.__dict__[name] = value

    def delete(self: Queue) -> None:
        self._move_out()
        del self.__dict__[name]

    return property(get, set, delete)


for name in ("mutex", "queue", "not_empty", "not_full", "all_tasks_done"):
    setattr(Queue, name, _of_the_successor(name))

# What the native methods leave to Python code.
for name in ("Empty", "Full", "ShutDown"):
    if hasattr(_stock, name):
        _native._lend(name, getattr(_stock, name))
for name in ("put", "get", "put_nowait", "get_nowait", "task_done", "join", "qsize", "empty", "full", "shutdown"):
    if hasattr(_stock.Queue, name):
        _native._lend(f"Queue.{name}", getattr(_stock.Queue, name))
del name


class LifoQueue(_stock.LifoQueue, Queue):
    """A queue that gives out the item that was put last."""


class PriorityQueue(_stock.PriorityQueue, Queue):
    """A queue that gives out the smallest item first.

    Items are usually pairs `(priority, value)`; what is stored must be comparable.
    """


_switched: tuple[tuple[object, object], ...] = (
    (_stock.Queue, Queue),
    (_stock.LifoQueue, LifoQueue),
    (_stock.PriorityQueue, PriorityQueue),
)

# The classes are known by the standard library's names, in reprs and to pickle.
for ours in (Queue, LifoQueue, PriorityQueue):
    ours.__module__ = _stock.__name__
del ours

_facade.show_through(__name__)
