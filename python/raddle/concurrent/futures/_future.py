"""`Future`: the native one, and its way back to the standard library's algorithm."""

# At run time the native class has no type parameters.
# pyright: reportMissingTypeArgument=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import os
from concurrent.futures import _base

from raddle import _facade, _native
from raddle.threading import Condition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

# Kept, because `raddle.install()` puts ours in its place.
_STOCK_FUTURE = _base.Future


class Future(_native.Future, _STOCK_FUTURE):  # type: ignore[type-arg]
    """The outcome of a call that is made elsewhere: a result or an exception, once it is there.

    Fairness: all who wait go on when the outcome comes, in the order in which they began to wait.

    Timeouts: in seconds, `None` waits without end. `result` and `exception` raise `TimeoutError` when
    the time is over.

    Errors: `CancelledError` for a future that was cancelled, `InvalidStateError` for a second outcome.

    Differences from CPython: the first touch of `_condition`, `_waiters` or `_done_callbacks`, or an
    assignment to `_state`, `_result` or `_exception`, moves the future for good to the standard
    library's algorithm, with its outcome, its callbacks and the waiting threads.
    """

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        callers = ("cancel", "set_result", "set_exception")
        calls: dict[str, str] = dict.fromkeys(callers, "_invoke_callbacks")
        _facade.honour(cls, Future, _STOCK_FUTURE, calls)

    def __repr__(self) -> str:
        if self._is_retired():
            return _STOCK_FUTURE.__repr__(self)
        state, result, exception = self._look()
        description = _base._STATE_TO_DESCRIPTION_MAP[state]
        if state == _base.FINISHED:
            outcome = "returned" if exception is None else "raised"
            value = result if exception is None else exception
            description = f"{description} {outcome} {type(value).__name__}"
        return f"<{type(self).__name__} at {id(self):#x} state={description}>"

    def _move_out(self) -> None:
        """Hand over to the standard library's algorithm, for good."""
        with _moving:
            if self._is_retired():
                return
            condition = Condition()
            # Whoever comes by the standard library's functions waits for the other parts. A signal
            # handler that moves the future meanwhile finds this condition, and leaves it.
            with condition:
                vars(self).setdefault("_condition", condition)
                self._retire(vars(self))


# One future moves out at a time: it is rare, and so nobody finds it half done.
_moving = _native.RLock()

# A thread of the parent may have been at it, and there is no such thread in the child.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_moving._at_fork_reinit)


def _of_the_successor(name: str) -> property:
    """Return an attribute of the standard library's algorithm: its first use moves the future out."""

    def get(self: Future) -> object:
        self._move_out()
        return _part(self, name)

    return property(get, *_setters(name))


def _shown(name: str, index: int) -> property:
    """Return an attribute that can be read while the future is native."""

    def get(self: Future) -> object:
        look = self._look()
        return _part(self, name) if self._is_retired() else look[index]

    return property(get, *_setters(name))


def _part(future: Future, name: str) -> object:
    # All of them are there at once, when the future has moved.
    if name not in vars(future):
        with vars(future)["_condition"]:
            pass
    try:
        return vars(future)[name]
    except KeyError:
        raise AttributeError(name) from None


def _setters(name: str) -> tuple[Any, Any]:
    def put(self: Future, value: object) -> None:
        self._move_out()
        vars(self)[name] = value

    def delete(self: Future) -> None:
        self._move_out()
        del vars(self)[name]

    return put, delete


for name in ("_condition", "_waiters", "_done_callbacks"):
    setattr(Future, name, _of_the_successor(name))
for name, place in (("_state", 0), ("_result", 1), ("_exception", 2)):
    setattr(Future, name, _shown(name, place))


def _call_back(future: Future, callbacks: list[Any], returned: object) -> object:
    """Call the callbacks of a future that is done. What they raise is logged."""
    for callback in callbacks:
        try:
            callback(future)
        except Exception:
            # In the standard library's words.
            _base.LOGGER.exception("exception calling callback for %r", future)
    return returned


def _settle(future: Future, outcome: Any, failed: bool) -> None:
    """Finish a future that is not as a worker expects it."""
    if failed:
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


def _misplaced(future: Future) -> NoReturn:
    # In the standard library's words.
    _base.LOGGER.critical("Future %s in unexpected state: %s", id(future), future._state)
    raise RuntimeError("Future in unexpected state")


def _invalid_state(future: Future) -> NoReturn:
    # In the standard library's words.
    raise _base.InvalidStateError(f"{future._state}: {future!r}")


def _set_odd_exception(future: Future, exception: Any) -> None:
    """Set what is no exception, or one that counts as false: the standard library knows what comes of it."""
    future._move_out()
    _STOCK_FUTURE.set_exception(future, exception)


# What the native methods leave to Python code.
_native._lend("Future", Future)
_native._lend("CancelledError", _base.CancelledError)
for name in (
    "result",
    "exception",
    "cancel",
    "cancelled",
    "running",
    "done",
    "add_done_callback",
    "set_running_or_notify_cancel",
    "set_result",
    "set_exception",
):
    _native._lend(f"Future.{name}", getattr(_STOCK_FUTURE, name))
for function in (_call_back, _settle, _misplaced, _invalid_state, _set_odd_exception):
    _native._lend(f"Future.{function.__name__}", function)
del name, function

_facade.pass_for(_STOCK_FUTURE.__module__, Future)
