"""Future: every call in every state, callbacks, waits and what programs do to its inside, compared with stock."""

from __future__ import annotations

import copy
import gc
import logging
import pickle
import re
import sys
import threading as stock_threading
import traceback
import weakref
from collections.abc import Callable
from concurrent import futures as stock_futures
from concurrent.futures import _base
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Implementation

# How public calls bring a new future into a state.
STATES: dict[str, Callable[[Any], Any]] = {
    "pending": lambda _: None,
    "running": lambda f: f.set_running_or_notify_cancel(),
    "cancelled": lambda f: f.cancel(),
    "cancelled and notified": lambda f: (f.cancel(), f.set_running_or_notify_cancel()),
    "returned": lambda f: f.set_result([1]),
    "returned None": lambda f: f.set_result(None),
    "raised": lambda f: f.set_exception(LookupError("reason")),
    "ran and returned": lambda f: (f.set_running_or_notify_cancel(), f.set_result("value")),
    "ran and raised": lambda f: (f.set_running_or_notify_cancel(), f.set_exception(OSError(5, "reason"))),
}

# What is done in each state. Every call ends at once.
CALLS: dict[str, Callable[[Any], Any]] = {
    "cancel": lambda f: (f.cancel(), f, f.cancel(), f._state),
    "cancel(1)": lambda f: f.cancel(1),
    "cancelled": lambda f: f.cancelled(),
    "cancelled(1)": lambda f: f.cancelled(1),
    "running": lambda f: f.running(),
    "done": lambda f: f.done(),
    "result(0)": lambda f: f.result(0),
    "result(timeout=0)": lambda f: f.result(timeout=0),
    "result(timeout=0.001)": lambda f: f.result(timeout=0.001),
    "result(False)": lambda f: f.result(False),
    "result(-1)": lambda f: f.result(-1),
    "result('1')": lambda f: f.result("1"),
    "result(timeout=[])": lambda f: f.result(timeout=[]),
    "result(1, 2)": lambda f: f.result(1, 2),
    "result(wrong=1)": lambda f: f.result(wrong=1),
    "exception(0)": lambda f: f.exception(0),
    "exception(timeout=0)": lambda f: f.exception(timeout=0),
    "exception(timeout=0.001)": lambda f: f.exception(timeout=0.001),
    "exception(-1)": lambda f: f.exception(-1),
    "exception(1, 2)": lambda f: f.exception(1, 2),
    "set_running_or_notify_cancel": lambda f: (f.set_running_or_notify_cancel(), f),
    "set_running_or_notify_cancel twice": lambda f: (
        f.set_running_or_notify_cancel(),
        f.set_running_or_notify_cancel(),
    ),
    "set_result": lambda f: (f.set_result(7), f, f.result(0)),
    "set_result(result=)": lambda f: (f.set_result(result=7), f.result(0)),
    "set_result()": lambda f: f.set_result(),
    "set_result(1, 2)": lambda f: f.set_result(1, 2),
    "set_result of itself": lambda f: (f.set_result(f), f.result(0) is f),
    "set_exception": lambda f: (f.set_exception(KeyError("k")), f, f.exception(0)),
    "set_exception(exception=)": lambda f: (f.set_exception(exception=KeyError("k")), f.exception(0)),
    "set_exception()": lambda f: f.set_exception(),
    "set_exception(None)": lambda f: (f.set_exception(None), f, f.exception(0), f.result(0)),
    "set_exception(class)": lambda f: (f.set_exception(KeyError), f.exception(0), f.result(0)),
    "set_exception(SystemExit)": lambda f: (f.set_exception(SystemExit(3)), f, f.exception(0)),
    "set_exception(text)": lambda f: (f.set_exception("text"), f, f.exception(0)),
    "set_result, set_exception": lambda f: (f.set_result(1), f.set_exception(KeyError())),
    "set_exception, set_result": lambda f: (f.set_exception(KeyError()), f.set_result(1)),
    "add_done_callback": lambda f: with_callback(f, lambda _: None),
    "add_done_callback()": lambda f: f.add_done_callback(),
    "add_done_callback(fn=)": lambda f: (f.add_done_callback(fn=lambda _: None), f),
    "add_done_callback(1, 2)": lambda f: f.add_done_callback(1, 2),
    "add_done_callback(None)": lambda f: (f.add_done_callback(None), f),
    "add_done_callback, raises": lambda f: with_callback(f, lambda _: 1 // 0),
    "add_done_callback, raises SystemExit": lambda f: with_callback(f, leave),
    "repr": repr,
    "str": str,
    "bool": bool,
    "len": len,
    "iter": iter,
    "hash": lambda f: hash(f) == hash(f),
    "eq": lambda f: (f == f, f != type(f)()),
    "new attribute": lambda f: (setattr(f, "attribute", 1), f.attribute),
    "pickle": pickle.dumps,
    "deepcopy": copy.deepcopy,
    "weak reference": lambda f: weakref.ref(f)() is f,
    "_state": lambda f: f._state,
    "_result": lambda f: f._result,
    "_exception": lambda f: f._exception,
    "_waiters": lambda f: f._waiters,
    "_done_callbacks": lambda f: f._done_callbacks,
    "_condition": lambda f: (f._condition is f._condition, f._condition.acquire(False), f._condition.release()),
    "with _condition": lambda f: under_condition(f, lambda: (f._state, f._result, f._exception)),
    "after _condition, cancel": lambda f: (under_condition(f, f._condition.notify_all), f.cancel(), f),
    "after _condition, set_result": lambda f: (under_condition(f, lambda: f._state), f.set_result(1), f.result(0)),
    "after _condition, callback": lambda f: (under_condition(f, list), with_callback(f, lambda _: None)),
    "_state = PENDING": lambda f: (setattr(f, "_state", "PENDING"), f, f.done(), f.cancel(), f),
    "_state = RUNNING": lambda f: (setattr(f, "_state", "RUNNING"), f, f.running(), f.cancel(), f),
    "_state = CANCELLED": lambda f: (setattr(f, "_state", "CANCELLED"), f, f.cancelled(), f.result(0)),
    "_state = FINISHED": lambda f: (setattr(f, "_state", "FINISHED"), f, f.done(), f.result(0)),
    "_state = ?": lambda f: (setattr(f, "_state", "?"), f.done(), f.running()),
    "_result =": lambda f: (setattr(f, "_result", 5), f._state, f._result, f.result(0)),
    "_exception =": lambda f: (setattr(f, "_exception", KeyError("k")), f._state, f.exception(0)),
    "_exception = None": lambda f: (setattr(f, "_exception", None), f._state, f.result(0)),
    "_waiters.append": lambda f: (f._waiters.append(Waiter()), f.set_result(1), f._waiters[0].calls),
    "_waiters.append, cancel": lambda f: (f._waiters.append(Waiter()), f.cancel(), f._waiters[0].calls),
    "_waiters.append, notify": lambda f: (
        f._waiters.append(Waiter()),
        f.set_running_or_notify_cancel(),
        f._waiters[0].calls,
    ),
    "_done_callbacks.clear": lambda f: forget_callbacks(f),
    "_invoke_callbacks": lambda f: with_callback(f, lambda _: None, lambda: f._invoke_callbacks()),
    "__dict__": lambda f: type(f.__dict__),
}

# Each works on the class.
ON_CLASS: dict[str, Callable[[Any], Any]] = {
    "()": lambda kind: kind(),
    "(1)": lambda kind: kind(1),
    "(wrong=1)": lambda kind: kind(wrong=1),
    "[int]": lambda kind: kind[int],
    "[int]()": lambda kind: type(kind[int]()) is kind,
    "name": lambda kind: (kind.__name__, kind.__qualname__, kind.__module__),
    "issubclass": lambda kind: issubclass(kind, stock_futures.Future),
    "isinstance": lambda kind: isinstance(kind(), _base.Future),
    "__weakref__": lambda kind: hasattr(kind, "__weakref__"),
    "__class_getitem__": lambda kind: kind.__class_getitem__(str),
}


class Waiter:
    """What stock's ``wait`` puts into ``_waiters``."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def add_result(self, future: Any) -> None:
        self.calls.append(f"result {future.done()}")

    def add_exception(self, future: Any) -> None:
        self.calls.append(f"exception {future.done()}")

    def add_cancelled(self, future: Any) -> None:
        self.calls.append(f"cancelled {future.cancelled()}")


def with_callback(future: Any, callback: Callable[[Any], Any], end: Callable[[], Any] | None = None) -> Any:
    """Adds callbacks, one of which is ``callback``, and ends the future."""
    seen: list[Any] = []
    for one in (lambda f: seen.append(f"first {f is future}"), callback, lambda f: seen.append(f"last {f._state}")):
        leaving(lambda one=one: future.add_done_callback(one), seen)
    before = list(seen)
    leaving(end or future.cancel, seen)
    return before, seen, future


def leaving(function: Callable[[], Any], seen: list[Any]) -> None:
    """Calls a function and notes what is no Exception."""
    try:
        function()
    except SystemExit as error:
        seen.append(repr(error))


def leave(_: Any) -> None:
    """Raises what is no Exception."""
    raise SystemExit("from a callback")


def under_condition(future: Any, function: Callable[[], Any]) -> Any:
    """Does something with the future's condition held."""
    with future._condition:
        return function()


def forget_callbacks(future: Any) -> Any:
    """What programs do to call a future's callbacks never."""
    called: list[Any] = []
    future.add_done_callback(called.append)
    with future._condition:
        future._done_callbacks.clear()
    return future.cancel(), bool(called), future


def made(implementation: Implementation, state: str) -> Any:
    """A future in a state."""
    future = implementation.futures.Future()
    STATES[state](future)
    return future


def logged(function: Callable[[], Any]) -> Any:
    """What a function returns, or raises, with what was logged meanwhile."""
    records: list[Any] = []
    handler = logging.Handler()
    handler.emit = lambda record: records.append(
        (
            record.levelname,
            re.sub(r"\b\d{9,}\b", "N", record.getMessage()),
            record.exc_info and record.exc_info[0].__name__,
        )
    )
    logger = logging.getLogger("concurrent.futures")
    logger.addHandler(handler)
    propagate, logger.propagate = logger.propagate, False
    try:
        return function(), records
    except Exception as error:
        if not records:
            raise
        # So that the records are compared as well.
        raise type(error)(*error.args, *records) from None
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("call", CALLS)
def test_call_in_state(call: str, state: str, same_as_stock: Callable[..., None]) -> None:
    same_as_stock(lambda implementation: logged(lambda: CALLS[call](made(implementation, state))))


@pytest.mark.parametrize("call", ON_CLASS)
def test_on_class(call: str, same_as_stock: Callable[..., None]) -> None:
    same_as_stock(lambda implementation: ON_CLASS[call](implementation.futures.Future))


def test_surface(same_surface: Callable[..., None]) -> None:
    same_surface(lambda implementation: implementation.futures.Future())


def test_exceptions_are_the_stock_ones(implementation: Implementation) -> None:
    for name in ("CancelledError", "TimeoutError", "InvalidStateError", "BrokenExecutor"):
        assert getattr(implementation.futures, name) is getattr(stock_futures, name)
    assert implementation.futures.TimeoutError is TimeoutError


@pytest.mark.parametrize("end", ["set_result", "set_exception", "cancel"])
@pytest.mark.parametrize("ask", ["result", "exception"])
@pytest.mark.parametrize("timeout", [None, 30.0])
def test_end_wakes_all(
    end: str, ask: str, timeout: float | None, implementation: Implementation, wait_until_blocked: Callable[..., None]
) -> None:
    future = implementation.futures.Future()
    ends: list[Any] = []

    def wait() -> None:
        try:
            ends.append(getattr(future, ask)(timeout))
        except BaseException as error:
            ends.append(error)

    threads = [stock_threading.Thread(target=wait, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    wait_until_blocked(threads, implementation)
    error = LookupError("reason")
    getattr(future, end)(*{"set_result": ["value"], "set_exception": [error], "cancel": []}[end])
    for thread in threads:
        thread.join(30.0)
    if end == "cancel":
        assert [type(one) for one in ends] == [stock_futures.CancelledError] * 3
    else:
        expected = {"set_result": "value" if ask == "result" else None, "set_exception": error}[end]
        assert [one is expected for one in ends] == [True] * 3, ends


def test_waiting_does_not_end_at_running(
    implementation: Implementation, wait_until_blocked: Callable[..., None]
) -> None:
    future = implementation.futures.Future()
    results: list[Any] = []
    thread = stock_threading.Thread(target=lambda: results.append(future.result()), daemon=True)
    thread.start()
    wait_until_blocked([thread], implementation)
    assert future.set_running_or_notify_cancel()
    wait_until_blocked([thread], implementation)
    assert results == []
    future.set_result("value")
    thread.join(30.0)
    assert results == ["value"]


@pytest.mark.parametrize("ask", ["result", "exception"])
def test_touching_the_inside_keeps_the_waiters(
    ask: str, implementation: Implementation, wait_until_blocked: Callable[..., None]
) -> None:
    """A thread that waits is served, and its timeout goes on, when a program ends the future by hand."""
    future, other = implementation.futures.Future(), implementation.futures.Future()
    ends: list[Any] = []

    def wait(future: Any, timeout: float | None) -> None:
        try:
            ends.append(getattr(future, ask)(timeout))
        except TimeoutError as error:
            ends.append(type(error))

    threads = [stock_threading.Thread(target=wait, args=(future, each), daemon=True) for each in (None, 30.0)]
    late = stock_threading.Thread(target=wait, args=(other, 0.5), daemon=True)
    for thread in (*threads, late):
        thread.start()
    wait_until_blocked(threads, implementation)
    with other._condition:
        other._condition.notify_all()
    late.join(30.0)
    assert ends == [TimeoutError]
    error = LookupError("by hand")
    with future._condition:
        future._state = "FINISHED"
        if ask == "result":
            future._result = "by hand"
        else:
            future._exception = error
        future._condition.notify_all()
    for thread in threads:
        thread.join(30.0)
    assert ends[1:] == (["by hand"] * 2 if ask == "result" else [error] * 2)


def test_callbacks_run_in_order_in_the_thread_that_ends(implementation: Implementation) -> None:
    future = implementation.futures.Future()
    calls: list[Any] = []
    for number in range(5):
        future.add_done_callback(lambda f, number=number: calls.append((number, f, stock_threading.get_ident())))
    thread = stock_threading.Thread(target=future.set_result, args=("value",))
    thread.start()
    thread.join(30.0)
    assert calls == [(number, future, thread.ident) for number in range(5)]


def test_callback_may_use_the_future(implementation: Implementation) -> None:
    future = implementation.futures.Future()
    calls: list[Any] = []

    def callback(f: Any) -> None:
        calls.append(f.result(0))
        calls.append(f.done())
        f.add_done_callback(lambda _: calls.append("added inside"))
        calls.append("after")
        with pytest.raises(stock_futures.InvalidStateError):
            f.set_result("again")
        calls.append(f.cancel())

    future.add_done_callback(callback)
    future.add_done_callback(lambda _: calls.append("second"))
    future.set_result("value")
    assert calls == ["value", True, "added inside", "after", False, "second"]


def test_same_callback_twice(implementation: Implementation) -> None:
    future = implementation.futures.Future()
    calls: list[Any] = []
    future.add_done_callback(calls.append)
    future.add_done_callback(calls.append)
    future.set_result(None)
    assert calls == [future, future]


def test_waiters_are_served_before_callbacks_end(
    implementation: Implementation, wait_until_blocked: Callable[..., None]
) -> None:
    """A callback that waits for the waiting thread does not wait for ever."""
    future = implementation.futures.Future()
    thread = stock_threading.Thread(target=future.result, daemon=True)
    thread.start()
    wait_until_blocked([thread], implementation)
    alive: list[bool] = []
    future.add_done_callback(lambda _: (thread.join(30.0), alive.append(thread.is_alive())))
    future.set_result("value")
    assert alive == [False]


def test_result_raises_the_exception_itself(implementation: Implementation) -> None:
    error = LookupError("reason")

    def fail() -> None:
        raise error

    with pytest.raises(LookupError):
        fail()
    future = implementation.futures.Future()
    future.set_exception(error)
    for _ in range(3):
        with pytest.raises(LookupError) as caught:
            future.result()
        assert caught.value is error
        assert "fail" in [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    assert future.exception() is error


def test_falsy_exceptions_are_raised(implementation: Implementation) -> None:
    """Before 3.14 stock takes an exception that is false for none, which is a bug of its own."""

    class FalsyError(Exception):
        def __bool__(self) -> bool:
            return False

    future = implementation.futures.Future()
    future.set_exception(FalsyError())
    assert type(future.exception()) is FalsyError
    if not implementation.is_ours and sys.version_info < (3, 14):
        return
    stock = stock_futures.Future()
    stock.set_exception(FalsyError())
    try:
        expected: Any = stock.result()
    except FalsyError as error:
        expected = type(error)
    try:
        actual: Any = future.result()
    except FalsyError as error:
        actual = type(error)
    assert actual == expected


def test_result_leaves_no_cycle(implementation: Implementation) -> None:
    """An exception that was raised by ``result`` goes without the collector."""

    class OwnError(Exception):
        pass

    def use() -> weakref.ref[OwnError]:
        error = OwnError()
        future = implementation.futures.Future()
        future.set_exception(error)
        alive = weakref.ref(error)
        del error
        try:
            future.result()
        except OwnError:
            del future
        return alive

    gc.disable()
    try:
        alive = use()
        assert alive() is None
    finally:
        gc.enable()


def test_subclass_with_state(implementation: Implementation) -> None:
    class Named(implementation.futures.Future):  # type: ignore[name-defined, misc]
        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

        def __repr__(self) -> str:
            return f"<{self.name}>"

    future = Named("name")
    assert repr(future) == "<name>"
    future.set_result("value")
    with pytest.raises(stock_futures.InvalidStateError, match="FINISHED: <name>"):
        future.set_result("again")
    assert implementation.futures.wait([future]).done == {future}
    assert list(implementation.futures.as_completed([future])) == [future]


def test_subclass_that_overrides_methods(implementation: Implementation) -> None:
    """What a subclass says itself is what is called, by users and by the methods that use it on stock."""
    calls: list[str] = []

    class Watching(implementation.futures.Future):  # type: ignore[name-defined, misc]
        def cancel(self) -> bool:
            calls.append("cancel")
            return super().cancel()

        def set_result(self, result: Any) -> None:
            calls.append("set_result")
            super().set_result(result)

        def add_done_callback(self, fn: Any) -> None:
            calls.append("add_done_callback")
            super().add_done_callback(fn)

    ended, cancelled = Watching(), Watching()
    ended.add_done_callback(lambda _: calls.append("called"))
    ended.set_result(1)
    assert ended.result() == 1
    cancelled.cancel()
    assert calls == ["add_done_callback", "set_result", "called", "cancel"]


def test_subclass_that_calls_back_differently(implementation: Implementation) -> None:
    """What stock's methods call by name is called in a subclass that overrides it."""
    calls: list[str] = []

    class Watching(implementation.futures.Future):  # type: ignore[name-defined, misc]
        def _invoke_callbacks(self) -> None:
            calls.append(self._state)
            super()._invoke_callbacks()

    for end, arguments in (("set_result", [1]), ("set_exception", [LookupError()]), ("cancel", [])):
        future = Watching()
        future.add_done_callback(lambda _: calls.append("called"))
        getattr(future, end)(*arguments)
    assert calls == ["FINISHED", "called", "FINISHED", "called", "CANCELLED", "called"]


def test_subclass_that_asks_differently(implementation: Implementation) -> None:
    """Packages override ``done`` or ``result`` to start work when somebody asks."""

    class Lazy(implementation.futures.Future):  # type: ignore[name-defined, misc]
        def result(self, timeout: float | None = None) -> Any:
            if not self.done():
                self.set_result("made when asked")
            return super().result(timeout)

    future = Lazy()
    assert not future.done()
    assert future.result() == "made when asked"


def test_attributes_that_programs_set(implementation: Implementation) -> None:
    """Mocking libraries and wrappers set methods on one object."""
    future = implementation.futures.Future()
    future.cancel = lambda: "mine"
    assert future.cancel() == "mine"
    del future.cancel
    assert future.cancel() is True


def test_future_is_released(implementation: Implementation) -> None:
    for state in STATES:
        future = made(implementation, state)
        alive = weakref.ref(future)
        del future
        gc.collect()
        assert alive() is None, state
