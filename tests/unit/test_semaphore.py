"""Semaphore and BoundedSemaphore: arguments, errors and looks, compared with the standard library."""

from __future__ import annotations

import copy
import pickle
import threading as stock_threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Implementation

KINDS = ("Semaphore", "BoundedSemaphore")

# Each works on a semaphore that was made with two permits and has one left.
ON_ONE_LEFT: dict[str, Callable[[Any], Any]] = {
    "acquire()": lambda semaphore: semaphore.acquire(),
    "acquire(False)": lambda semaphore: semaphore.acquire(False),
    "acquire(0)": lambda semaphore: semaphore.acquire(0),
    "acquire(blocking=0)": lambda semaphore: semaphore.acquire(blocking=0),
    "acquire('yes')": lambda semaphore: semaphore.acquire("yes"),
    "acquire(True, None)": lambda semaphore: semaphore.acquire(True, None),
    "acquire(timeout=None)": lambda semaphore: semaphore.acquire(timeout=None),
    "acquire(False, None)": lambda semaphore: semaphore.acquire(False, None),
    "acquire(False, 1)": lambda semaphore: semaphore.acquire(False, 1),
    "acquire(False, timeout=1.0)": lambda semaphore: semaphore.acquire(False, timeout=1.0),
    "acquire(True, -1)": lambda semaphore: semaphore.acquire(True, -1),
    "acquire(timeout=0)": lambda semaphore: semaphore.acquire(timeout=0),
    "acquire(1, 2, 3)": lambda semaphore: semaphore.acquire(1, 2, 3),
    "acquire(wrong=1)": lambda semaphore: semaphore.acquire(wrong=1),
    "acquire twice": lambda semaphore: (semaphore.acquire(), semaphore.acquire(False)),
    "release()": lambda semaphore: (semaphore.release(), semaphore._value),
    "release(n=1)": lambda semaphore: (semaphore.release(n=1), semaphore._value),
    "release(True)": lambda semaphore: (semaphore.release(True), semaphore._value),
    "release(0)": lambda semaphore: semaphore.release(0),
    "release(-1)": lambda semaphore: semaphore.release(-1),
    "release(-10**30)": lambda semaphore: semaphore.release(-(10**30)),
    "release(2)": lambda semaphore: (semaphore.release(2), semaphore._value),
    "release twice": lambda semaphore: (semaphore.release(), semaphore.release()),
    "release('1')": lambda semaphore: semaphore.release("1"),
    "release(None)": lambda semaphore: semaphore.release(None),
    "release(1, 2)": lambda semaphore: semaphore.release(1, 2),
    "__enter__()": lambda semaphore: semaphore.__enter__(),
    "__enter__(False)": lambda semaphore: semaphore.__enter__(False),
    "__exit__(3)": lambda semaphore: semaphore.__exit__(None, None, None),
    "_value": lambda semaphore: semaphore._value,
    "_initial_value": lambda semaphore: getattr(semaphore, "_initial_value", None),
    "locked": lambda semaphore: semaphore.locked(),
    "repr": repr,
    "bool": bool,
    "hash": lambda semaphore: type(hash(semaphore)),
    "new attribute": lambda semaphore: setattr(semaphore, "attribute", 1),
    "pickle": pickle.dumps,
    "deepcopy": copy.deepcopy,
}

# Each works on a semaphore without permits.
ON_EMPTY: dict[str, Callable[[Any], Any]] = {
    "acquire(False)": lambda semaphore: semaphore.acquire(False),
    "acquire(timeout=0)": lambda semaphore: semaphore.acquire(timeout=0),
    "acquire(timeout=0.001)": lambda semaphore: semaphore.acquire(timeout=0.001),
    "acquire(True, 0.001)": lambda semaphore: semaphore.acquire(True, 0.001),
    "acquire(timeout=-1)": lambda semaphore: semaphore.acquire(timeout=-1),
    "acquire(timeout=-inf)": lambda semaphore: semaphore.acquire(timeout=float("-inf")),
    "acquire(timeout=inf)": lambda semaphore: semaphore.acquire(timeout=float("inf")),
    "acquire(timeout=1e100)": lambda semaphore: semaphore.acquire(timeout=1e100),
    "acquire(timeout='1')": lambda semaphore: semaphore.acquire(timeout="1"),
    "__enter__(False)": lambda semaphore: semaphore.__enter__(False),
    "__enter__(timeout=0.001)": lambda semaphore: semaphore.__enter__(timeout=0.001),
    "repr": repr,
}

# Each works on a class.
ON_CLASS: dict[str, Callable[[Any], Any]] = {
    "()": lambda kind: kind()._value,
    "(0)": lambda kind: kind(0)._value,
    "(value=3)": lambda kind: kind(value=3)._value,
    "(True)": lambda kind: kind(True).acquire(False),
    "(-1)": lambda kind: kind(-1),
    "(-10**30)": lambda kind: kind(-(10**30)),
    "('1')": lambda kind: kind("1"),
    "(None)": lambda kind: kind(None),
    "(1, 2)": lambda kind: kind(1, 2),
    "(wrong=1)": lambda kind: kind(wrong=1),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("call", ON_ONE_LEFT)
def test_on_one_left(call: str, kind: str, same_as_stock: Callable[..., None]) -> None:
    def use(implementation: Implementation) -> Any:
        semaphore = getattr(implementation.threading, kind)(2)
        assert semaphore.acquire() is True
        return ON_ONE_LEFT[call](semaphore)

    same_as_stock(use)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("call", ON_EMPTY)
def test_on_empty(call: str, kind: str, same_as_stock: Callable[..., None]) -> None:
    same_as_stock(lambda implementation: ON_EMPTY[call](getattr(implementation.threading, kind)(0)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("call", ON_CLASS)
def test_on_class(call: str, kind: str, same_as_stock: Callable[..., None]) -> None:
    same_as_stock(lambda implementation: ON_CLASS[call](getattr(implementation.threading, kind)))


@pytest.mark.parametrize("kind", KINDS)
def test_surface(kind: str, same_surface: Callable[..., None]) -> None:
    same_surface(lambda implementation: getattr(implementation.threading, kind)())


@pytest.mark.parametrize("kind", KINDS)
def test_kinds(kind: str, implementation: Implementation) -> None:
    semaphore = getattr(implementation.threading, kind)()
    assert isinstance(semaphore, getattr(stock_threading, kind))
    assert isinstance(semaphore, implementation.threading.Semaphore)


def test_a_release_too_many_changes_nothing(implementation: Implementation) -> None:
    semaphore = implementation.threading.BoundedSemaphore(3)
    semaphore.acquire()
    with pytest.raises(ValueError, match="Semaphore released too many times"):
        semaphore.release(2)
    assert semaphore._value == 2
    semaphore.release()
    assert semaphore._value == 3


@pytest.mark.parametrize("kind", KINDS)
def test_with(kind: str, implementation: Implementation) -> None:
    semaphore = getattr(implementation.threading, kind)(1)
    with semaphore as entered:
        assert entered is True
        assert semaphore.acquire(False) is False
    with pytest.raises(LookupError), semaphore:
        raise LookupError
    assert semaphore._value == 1


@pytest.mark.parametrize("kind", KINDS)
def test_subclass(kind: str, implementation: Implementation) -> None:
    class Subclass(getattr(implementation.threading, kind)):  # type: ignore[misc]
        def __init__(self, name: str) -> None:
            super().__init__(2)
            self.name = name
            self.releases = 0

        def release(self, n: int = 1) -> None:
            self.releases += n
            super().release(n)

    semaphore = Subclass("name")
    with semaphore:
        assert semaphore._value == 1
    assert semaphore.releases == 1
    assert ".Subclass at 0x" in repr(semaphore)


@pytest.mark.parametrize("kind", KINDS)
def test_weak_reference(kind: str, implementation: Implementation) -> None:
    semaphore = getattr(implementation.threading, kind)()
    reference = weakref.ref(semaphore)
    assert reference() is semaphore
