"""The standard library's `queue` with raddle's queues in it.

Every public name of the running interpreter's `queue` is here. `Queue` is raddle's own;
`LifoQueue` and `PriorityQueue` run the standard library's algorithm on raddle's lock and
conditions; all other names are the standard library's, live.
"""

# At run time the native class has no type parameters.
# pyright: reportMissingTypeArgument=false

import queue as _stock

from raddle import _facade, _native


class Queue(_native.Queue, _stock.Queue):
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
