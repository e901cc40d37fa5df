"""The standard library's `threading` with raddle's primitives in it.

Every public name of the running interpreter's `threading` is here. `Lock`, `RLock`, `Condition`,
`Event`, `Semaphore`, `BoundedSemaphore` and `Barrier` are raddle's own; all other names are the
standard library's, live. `Thread` among them: it runs on raddle's primitives, and joins at raddle's
door, after `raddle.install()`, which switches the standard library's module itself.
"""

from __future__ import annotations

import os
import sys
import threading as _stock

from raddle import _deadlocks, _facade, _install, _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sized
    from typing import Any

# Before 3.13 the standard library's `Lock` is a function, and the type cannot be called.
if sys.version_info >= (3, 13):
    Lock = _native.lock
    _LockType = _native.lock
else:
    Lock = _native.allocate_lock

_allocate_lock = _native.allocate_lock
_CRLock = _native.RLock


def RLock(*args: object, **kwargs: object) -> _native.RLock:
    """Return a new lock that the thread which holds it can acquire again.

    The lock is free when its owner has released it as often as it has acquired it. Only the owner
    can release it.

    Fairness: a release frees the lock and wakes the oldest waiter, which competes for it; a waiter
    that is older than a millisecond may get it handed over.
    """
    if (args or kwargs) and sys.version_info >= (3, 13):
        import warnings

        # In the standard library's words.
        warnings.warn(
            "Passing arguments to RLock is deprecated and will be removed in 3.15",
            DeprecationWarning,
            stacklevel=2,
        )
    return _CRLock(*args, **kwargs)


# Kept, because `raddle.install()` puts ours in its place.
_StockCondition = _stock.Condition


class Condition(_native.Condition, _StockCondition):
    """A place to wait, with its lock released, until another thread says that something changed.

    `lock` is a `Lock`, an `RLock` (a new one by default) or any object with `acquire` and
    `release`; the last kind is served by the standard library's algorithm.

    Fairness: `notify` wakes the threads in the order in which they began to wait. No thread wakes
    without a notification.

    Timeouts: in seconds, `None` waits without end. `wait` returns False when the time is over.

    Errors: `RuntimeError` when the lock is not held.
    """

    # Written in Python, so that no native frame lies below the code of a lock of the user's making.
    def __init__(self, lock: _native.LockLike | None = None) -> None:
        lock = _CRLock() if lock is None else lock
        if self._use(lock):
            self._bind(lock)
        else:
            _StockCondition.__init__(self, lock)  # type: ignore[arg-type]

    def _bind(self, lock: Any) -> None:
        """Give the object the methods of a lock of ours, as the standard library's class does."""
        self._lock = lock
        self.acquire = lock.acquire
        self.release = lock.release
        if sys.version_info >= (3, 14):
            self.locked = lock.locked
        if isinstance(lock, _CRLock):
            self._release_save = lock._release_save
            self._acquire_restore = lock._acquire_restore
            self._is_owned = lock._is_owned

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        _facade.honour(cls, Condition, _StockCondition, {"notify_all": "notify"})

    @property
    def _waiters(self) -> Sized:
        """The waiting threads: over a lock of ours no more than so many things as there are threads."""
        waiters: Sized | None = vars(self).get("_waiters")
        return range(self._waiting()) if waiters is None else waiters

    @_waiters.setter
    def _waiters(self, value: Sized) -> None:
        vars(self)["_waiters"] = value

    def _at_fork_reinit(self) -> None:
        vars(self)["_lock"]._at_fork_reinit()
        self._forget_waiters()
        waiters = vars(self).get("_waiters")
        if waiters is not None:
            waiters.clear()


class Event(_native.Event, _stock.Event):
    """A flag that threads wait for.

    Fairness: `set` wakes every thread that waits, also when `clear` follows at once.

    Timeouts: in seconds, `None` waits without end. `wait` returns False when the time is over and
    the flag has not been set.
    """

    @property
    def _cond(self) -> Condition:
        """A condition that programs may use which know the standard library's inside."""
        return self.__dict__.setdefault("_cond", Condition(Lock()))

    def _at_fork_reinit(self) -> None:
        self._forget_waiters()
        if "_cond" in self.__dict__:
            self._cond._at_fork_reinit()


_StockSemaphore = _stock.Semaphore


class Semaphore(_native.Semaphore, _StockSemaphore):
    """A number of permits; `acquire` takes one and waits while there is none.

    Fairness: a release wakes the oldest waiters, which compete with threads that come by.

    Timeouts: in seconds, `None` waits without end. `acquire` returns False when the time is over.

    Errors: `ValueError` for a negative initial value and for a release of less than one permit.
    """

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        _facade.honour(cls, Semaphore, _StockSemaphore, {"__exit__": "release"})


class BoundedSemaphore(_native.BoundedSemaphore, Semaphore, _stock.BoundedSemaphore):
    """A semaphore that never has more permits than it was made with.

    Errors: `ValueError` for a release that would exceed the initial value.
    """


class Barrier(_native.Barrier, _stock.Barrier):
    """A place where `parties` threads wait for each other.

    When the last of them has come, one thread calls `action`, if there is one, and all go on.

    Timeouts: in seconds, `None` waits without end. A wait whose time is over breaks the barrier.

    Errors: `BrokenBarrierError` in every thread that waits or comes while the barrier is broken, by
    a timeout, by `abort`, by `reset` under waiting threads, or by an action that raised.
    """


def _wait_and_act(barrier: Barrier, timeout: float | None = None) -> int:
    """`Barrier.wait` of a barrier with an action, which runs here, above no native frame."""
    index, round_ = barrier._arrive(timeout)
    action = barrier._action
    if round_ is not None:
        try:
            if action is not None:
                action()
        except BaseException:
            barrier.abort()
            raise
        barrier._complete(round_)
    return index


# `Thread` is the standard library's class: what is a subclass of it, the main thread among them,
# must stay one. `raddle.install()` puts the two methods below into it.
# What they need is found under private names, which the type checkers do not know.
_stock_thread: Any = _stock.Thread
_stock_module: Any = _stock
_stock_set_ident: Any = _stock_thread._set_ident
_stock_join: Any = _stock_thread.join
# Where a thread has its handle, whose own join is all that is left to do for one that has run to its end.
_HANDLE = {13: "_handle", 14: "_os_thread_handle"}.get(sys.version_info.minor)


def _set_ident(self: Any) -> None:
    """Run by each thread when it begins: it makes itself known to the registry."""
    _stock_set_ident(self)
    # Not by way of `__dict__`: while nobody asks for that, the object has none.
    self._raddle_number = _native._adopt(self._name, self._daemonic)


def join(self: Any, timeout: float | None = None) -> None:
    """Wait until the thread has ended, as long as it takes or for at most `timeout` seconds.

    `is_alive()` says afterwards whether it has. A thread can be joined any number of times.

    Errors: `RuntimeError` for a thread that is not started, and for the current one;
    `raddle.diagnostics.DeadlockError` when the thread can never end, because it waits for what only
    this one can do.
    """
    number: int | None = getattr(self, "_raddle_number", None)
    if (
        number is not None
        # A thread goes from the one to the other, and they are asked in this order. Who is in
        # neither has run to its end: what is left is the interpreter's own.
        and (self in _stock_module._limbo or _stock_module._active.get(self._ident) is self)
        and self._ident != _stock.get_ident()
        # For those who join it at the exit, it counts as ended before it has.
        and self is not _stock_module._main_thread
        # A daemon would not end any more. The standard library knows what to say to that.
        and not sys.is_finalizing()
    ):
        ended = _native._join(number, timeout)
        if isinstance(ended, str):
            # Raises, unless a signal may yet end the deadlock.
            _deadlocks.settle(ended)
            ended = _native._join(number, timeout, patient=True)
        if not ended:
            return
        # What is left is the interpreter's own end of the thread, which does not take long.
        timeout = None
    if number is None or timeout is not None or _HANDLE is None:
        _stock_join(self, timeout)
    else:
        # It was started, which is what the standard library asks first.
        getattr(self, _HANDLE).join()


# What the native methods leave to Python code.
for name, lent in (
    ("BrokenBarrierError", _stock.BrokenBarrierError),
    ("Barrier.wait", _wait_and_act),
    ("Condition.__enter__", _stock.Condition.__enter__),
    ("Condition.__exit__", _stock.Condition.__exit__),
    ("Condition.wait", _stock.Condition.wait),
    ("Condition.notify", _stock.Condition.notify),
    ("Condition.notify_all", _stock.Condition.notify_all),
):
    _native._lend(name, lent)
del name, lent

_deadlocks.begin()
# Imported only where it is asked for.
if "RADDLE_INSPECT" in os.environ:
    from raddle import _inspect

    _inspect.begin()


_switched: tuple[tuple[object, object], ...] = (
    (_stock.Condition, Condition),
    (_stock.Event, Event),
    (_stock.Semaphore, Semaphore),
    (_stock.BoundedSemaphore, BoundedSemaphore),
    (_stock.Barrier, Barrier),
)

# A class of the standard library, the name of a method, the method that was there, and ours.
_patched: tuple[tuple[type, str, object, object], ...] = (
    (_stock.Thread, "_set_ident", _stock_set_ident, _set_ident),
    (_stock.Thread, "join", _stock_join, join),
)

_facade.pass_for(_stock.__name__, _set_ident, join)
for ours in (_set_ident, join):
    ours.__qualname__ = f"Thread.{ours.__name__}"
# They are methods, not functions of this module.
del ours, _set_ident, join

_facade.pass_for(_stock.__name__, RLock, Condition, Event, Semaphore, BoundedSemaphore, Barrier)
_facade.show_through(__name__)

# If this import was what brought the standard module into a switched process.
_install._switch(_stock)
