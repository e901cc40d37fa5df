"""Event: arguments, errors and looks, compared with the standard library in the same process."""

from __future__ import annotations

import contextlib
import copy
import pickle
import threading as stock_threading
import warnings
import weakref
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Implementation

# Each works on an event that is not set.
ON_UNSET: dict[str, Callable[[Any], Any]] = {
    "is_set()": lambda event: event.is_set(),
    "is_set(1)": lambda event: event.is_set(1),
    "set()": lambda event: (event.set(), event.is_set()),
    "set(1)": lambda event: event.set(1),
    "clear()": lambda event: (event.clear(), event.is_set()),
    "clear(1)": lambda event: event.clear(1),
    "wait(0)": lambda event: event.wait(0),
    "wait(0.001)": lambda event: event.wait(0.001),
    "wait(timeout=0.001)": lambda event: event.wait(timeout=0.001),
    "wait(False)": lambda event: event.wait(False),
    "wait(-1)": lambda event: event.wait(-1),
    "wait(-inf)": lambda event: event.wait(float("-inf")),
    "wait(inf)": lambda event: event.wait(float("inf")),
    "wait(1e100)": lambda event: event.wait(1e100),
    "wait(TIMEOUT_MAX + 1)": lambda event: event.wait(9223372037.0),
    "wait('1')": lambda event: event.wait("1"),
    "wait(Fraction)": lambda event: event.wait(Fraction(1, 1000)),
    "wait(1, 2)": lambda event: event.wait(1, 2),
    "wait(wrong=1)": lambda event: event.wait(wrong=1),
    "repr": repr,
    "bool": bool,
    "hash": lambda event: type(hash(event)),
    "new attribute": lambda event: setattr(event, "attribute", 1),
    "pickle": pickle.dumps,
    "deepcopy": copy.deepcopy,
    "private condition": lambda event: type(event._cond).__name__,
    "private condition is taken": lambda event: event._cond.acquire(False),
    "_at_fork_reinit()": lambda event: event._at_fork_reinit(),
}

# Each works on an event that is set.
ON_SET: dict[str, Callable[[Any], Any]] = {
    "is_set()": lambda event: event.is_set(),
    "set()": lambda event: (event.set(), event.is_set()),
    "clear()": lambda event: (event.clear(), event.is_set()),
    "wait()": lambda event: event.wait(),
    "wait(None)": lambda event: event.wait(None),
    "wait(0)": lambda event: event.wait(0),
    "wait(-1)": lambda event: event.wait(-1),
    "repr": repr,
    "bool": bool,
}

# Each works on the module.
ON_MODULE: dict[str, Callable[[Any], Any]] = {
    "Event(1)": lambda threading: threading.Event(1),
    "Event(a=1)": lambda threading: threading.Event(a=1),
    "wait without self": lambda threading: threading.Event.wait(),
    "wait with a wrong self": lambda threading: threading.Event.is_set(object()),
}


@pytest.mark.parametrize("call", ON_UNSET)
def test_on_unset_event(call: str, same_as_stock: Callable[..., None]) -> None:
    same_as_stock(lambda implementation: ON_UNSET[call](implementation.threading.Event()))


@pytest.mark.parametrize("call", ON_SET)
def test_on_set_event(call: str, same_as_stock: Callable[..., None]) -> None:
    def use(implementation: Implementation) -> Any:
        event = implementation.threading.Event()
        assert event.set() is None
        return ON_SET[call](event)

    same_as_stock(use)


@pytest.mark.parametrize("call", ON_MODULE)
def test_on_module(call: str, same_as_stock: Callable[..., None]) -> None:
    def use(implementation: Implementation) -> Any:
        try:
            return ON_MODULE[call](implementation.threading)
        except (TypeError, AttributeError) as error:
            # A native method looks at the type of its object, a Python function at its attributes.
            raise TypeError from error

    same_as_stock(use)


def test_no_wait_for_nan_seconds(implementation: Implementation) -> None:
    """Newer CPython raises ValueError, older takes it for zero. It never waits."""
    event = implementation.threading.Event()
    with contextlib.suppress(ValueError):
        assert event.wait(float("nan")) is False
    event.set()
    assert event.wait() is True


def test_surface(same_surface: Callable[..., None]) -> None:
    same_surface(lambda implementation: implementation.threading.Event())


def test_is_a_stock_event(implementation: Implementation) -> None:
    assert isinstance(implementation.threading.Event(), stock_threading.Event)


def test_old_name(implementation: Implementation) -> None:
    event = implementation.threading.Event()
    event.set()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert event.isSet() is True
    assert [(warning.category, str(warning.message)) for warning in caught] == [
        (DeprecationWarning, "isSet() is deprecated, use is_set() instead")
    ]
    assert caught[0].filename == __file__


def test_subclass(implementation: Implementation) -> None:
    class Subclass(implementation.threading.Event):  # type: ignore[name-defined, misc]
        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

        def set(self) -> None:
            self.name += " set"
            super().set()

    event = Subclass("name")
    event.set()
    assert event.wait() is True
    assert event.name == "name set"
    assert repr(event).startswith(f"<{__name__}.test_subclass.<locals>.Subclass at 0x")
    assert repr(event).endswith(": set>")


def test_subclass_that_asks_before_it_waits(implementation: Implementation) -> None:
    class Asking(implementation.threading.Event):  # type: ignore[name-defined, misc]
        def wait(self, timeout: float | None = None) -> bool:
            return "asked" if self.is_set() else super().wait(timeout)  # type: ignore[return-value]

    event = Asking()
    assert event.wait(0) is False
    event.set()
    assert event.wait() == "asked"


def test_init_again_makes_it_new(implementation: Implementation) -> None:
    event = implementation.threading.Event()
    event.set()
    event.__init__()  # type: ignore[misc]
    assert event.is_set() is False
    event.set()
    assert event.wait(0) is True


def test_weak_reference(implementation: Implementation) -> None:
    event = implementation.threading.Event()
    reference = weakref.ref(event)
    assert reference() is event
