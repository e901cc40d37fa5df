"""The standard library's `queue` with raddle's queues in it.

Every public name of the running interpreter's `queue` is here. `Queue`, `LifoQueue` and
`SimpleQueue` are raddle's own; `PriorityQueue` runs the standard library's algorithm on raddle's
lock and conditions; all other names are the standard library's, live.
"""

# At run time the native class has no type parameters.
# pyright: reportMissingTypeArgument=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import os
import queue as _stock
from collections import deque

from raddle import _facade, _install, _native
from raddle.threading import Condition as _Condition
from raddle.threading import Lock as _Lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Kept, because `raddle.install()` puts ours in its place.
_StockQueue = _stock.Queue


class _Hook:
    """A method of the standard library's algorithm that a queue may be given for itself alone."""

    def __init__(self, stock: type[Any], name: str) -> None:
        self._name = name
        self._stock = getattr(stock, name)

    def __get__(self, queue: Queue | None, kind: type[Queue]) -> Any:
        if queue is None:
            return self._stock
        return vars(queue).get(self._name) or self._stock.__get__(queue)

    def __set__(self, queue: Queue, value: object) -> None:
        queue._move_out()
        vars(queue)[self._name] = value

    def __delete__(self, queue: Queue) -> None:
        del vars(queue)[self._name]


def _hooks(stock: type[Any]) -> list[Any]:
    """Return the hooks of a class whose queues are kept as those of the class `stock`."""
    return [_Hook(stock, name) for name in ("_init", "_qsize", "_put", "_get")]


class Queue(_native.Queue, _StockQueue):
    """A first-in first-out queue for many producers and many consumers.

    `maxsize` is the number of items from which `put` waits; zero or less means no bound.

    Fairness: items go to waiting consumers, and free places to waiting producers, in the order in
    which they began to wait. On free-threaded builds a thread first lets others run for a moment.

    Timeouts: in seconds, `None` waits without end. `put` raises `Full`, and `get` raises `Empty`,
    when the time is over, or at once with `block=False`.

    Differences from CPython: the first touch of `mutex`, `queue`, `not_empty`, `not_full` or
    `all_tasks_done`, and a subclass that overrides `_init`, `_qsize`, `_put` or `_get`, moves the
    queue for good to the standard library's algorithm, with the items and the waiting threads.
    """

    # The standard library's class that keeps the items in this order, and the order.
    _model: type[Any] = _StockQueue
    _is_last_in_first_out = False
    _init, _qsize, _put, _get = _hooks(_StockQueue)

    # Whether objects of the class run the standard library's algorithm from the beginning.
    _is_born_moved = False

    def __init__(self, maxsize: int = 0) -> None:
        kind = type(self)
        # Looked at again, because a hook may have been set on the class since it was made.
        if kind._is_born_moved or _has_hooks(kind) or not self._begin(maxsize, self._is_last_in_first_out):
            self._retire()
            self.maxsize = maxsize
            self._init(maxsize)
            vars(self).update(_parts())

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        _facade.honour(cls, Queue, _StockQueue, {"put_nowait": "put", "get_nowait": "get"})
        cls._is_born_moved = _has_hooks(cls)
        if cls._is_born_moved:
            # Such a queue need not look whether it has moved: its objects have these from the beginning.
            for name in (*_LIVE, *_COUNTED):
                if getattr(cls, name) is getattr(Queue, name):
                    setattr(cls, name, None)

    def _move_out(self) -> None:
        """Hand over to the standard library's algorithm, for good."""
        with _moving:
            if not self._is_retired():
                self._make_successor()

    def _make_successor(self) -> None:
        parts = _parts()
        # For those who look at these between here and the end; nobody gets as far as to an item.
        vars(self).update(maxsize=self.maxsize, unfinished_tasks=self.unfinished_tasks)
        items, parts["unfinished_tasks"], parts["maxsize"], is_shutdown = self._retire()
        # They come in the order in which they go out.
        parts["queue"] = items[::-1] if self._is_last_in_first_out else deque(items)
        if _CAN_SHUT_DOWN:
            parts["is_shutdown"] = is_shutdown
        vars(self).update(parts)


def _parts() -> dict[str, Any]:
    """Return what an empty queue of the standard library's algorithm has, on our primitives."""
    mutex = _Lock()
    parts = {
        "mutex": mutex,
        "not_empty": _Condition(mutex),
        "not_full": _Condition(mutex),
        "all_tasks_done": _Condition(mutex),
        "unfinished_tasks": 0,
    }
    return {**parts, "is_shutdown": False} if _CAN_SHUT_DOWN else parts


_CAN_SHUT_DOWN = hasattr(_StockQueue, "shutdown")


def _has_hooks(kind: type[Queue]) -> bool:
    """Return whether a class says itself how items are kept."""
    model = kind._model
    return (
        kind._init is not model._init
        or kind._qsize is not model._qsize
        or kind._put is not model._put
        or kind._get is not model._get
    )


# One queue moves out at a time: it is rare, and so nobody finds it half done.
_moving = _native.RLock()

# A thread of the parent may have been at it, and there is no such thread in the child.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_moving._at_fork_reinit)


def _of_the_successor(name: str) -> property:
    """Return an attribute of the standard library's algorithm: its first use moves the queue out."""

    def get(self: Queue) -> object:
        # All of them are there at once, after the queue has moved.
        if name not in vars(self):
            self._move_out()
        try:
            return vars(self)[name]
        except KeyError:
            raise AttributeError(name) from None

    def put(self: Queue, value: object) -> None:
        self._move_out()
        vars(self)[name] = value

    def delete(self: Queue) -> None:
        self._move_out()
        del vars(self)[name]

    return property(get, put, delete)


_LIVE = ("mutex", "queue", "not_empty", "not_full", "all_tasks_done")
_COUNTED = ("maxsize", "unfinished_tasks", *(["is_shutdown"] if _CAN_SHUT_DOWN else []))

for name in _LIVE:
    setattr(Queue, name, _of_the_successor(name))


def _take_back(queue: Queue, items: list[object], error: BaseException) -> None:
    """Put items back that a `get` has got which then was interrupted by `error`, while the queue moved out."""
    with queue.mutex:
        if queue._is_last_in_first_out:
            queue.queue.extend(reversed(items))
        else:
            queue.queue.extendleft(reversed(items))
        queue.not_empty.notify(len(items))
    raise error


_native._lend("Queue._take_back", _take_back)

# What the native methods leave to Python code.
for name in ("Empty", "Full", "ShutDown"):
    if hasattr(_stock, name):
        _native._lend(name, getattr(_stock, name))
_METHODS = ["put", "get", "put_nowait", "get_nowait", "task_done", "join", "qsize", "empty", "full", "shutdown"]
_LENT = [name for name in _METHODS if hasattr(_StockQueue, name)]
for name in _LENT:
    _native._lend(f"Queue.{name}", getattr(_StockQueue, name))


# Native as a whole: the standard library's is not written in Python either.
SimpleQueue = _native.SimpleQueue


class LifoQueue(Queue, _stock.LifoQueue):
    """A queue that gives out the item that was put last.

    In all else it is a `Queue`.
    """

    _model = _stock.LifoQueue
    _is_last_in_first_out = True
    _init, _qsize, _put, _get = _hooks(_stock.LifoQueue)


class PriorityQueue(_stock.PriorityQueue, Queue):
    """A queue that gives out the smallest item first.

    Items are usually pairs `(priority, value)`; what is stored must be comparable.
    """


# It never is native: it need not ask the native methods for the standard library's.
for name in _LENT:
    setattr(PriorityQueue, name, getattr(_StockQueue, name))
del name


_switched: tuple[tuple[object, object], ...] = (
    (_stock.Queue, Queue),
    (_stock.LifoQueue, LifoQueue),
    (_stock.PriorityQueue, PriorityQueue),
    (_stock.SimpleQueue, SimpleQueue),
)

_facade.pass_for(_stock.__name__, Queue, LifoQueue, PriorityQueue)
_facade.show_through(__name__)

# If this import was what brought the standard module into a switched process.
_install._switch(_stock)
