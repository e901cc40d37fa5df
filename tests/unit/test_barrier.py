"""Barrier: arguments, errors and looks, compared with the standard library in the same process."""

from __future__ import annotations

import copy
import pickle
import sys
import threading as stock_threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Implementation

# Each works on a barrier for two, at which nobody waits.
ON_TWO: dict[str, Callable[[Any], Any]] = {
    "wait(0)": lambda barrier: barrier.wait(0),
    "wait(0.001)": lambda barrier: barrier.wait(0.001),
    "wait(timeout=0.001)": lambda barrier: barrier.wait(timeout=0.001),
    "wait(-1)": lambda barrier: barrier.wait(-1),
    "wait('1')": lambda barrier: barrier.wait("1"),
    "wait(1e100)": lambda barrier: barrier.wait(1e100),
    "wait(1, 2)": lambda barrier: barrier.wait(1, 2),
    "wait(wrong=1)": lambda barrier: barrier.wait(wrong=1),
    "parties": lambda barrier: barrier.parties,
    "n_waiting": lambda barrier: barrier.n_waiting,
    "broken": lambda barrier: barrier.broken,
    "set parties": lambda barrier: setattr(barrier, "parties", 3),
    "set n_waiting": lambda barrier: setattr(barrier, "n_waiting", 3),
    "set broken": lambda barrier: setattr(barrier, "broken", True),
    "abort()": lambda barrier: (barrier.abort(), barrier.broken, repr(barrier)),
    "abort, wait": lambda barrier: (barrier.abort(), barrier.wait()),
    "abort, reset": lambda barrier: (barrier.abort(), barrier.reset(), barrier.broken),
    "abort(1)": lambda barrier: barrier.abort(1),
    "reset()": lambda barrier: (barrier.reset(), barrier.broken, barrier.n_waiting),
    "reset(1)": lambda barrier: barrier.reset(1),
    "repr": repr,
    "bool": bool,
    "hash": lambda barrier: type(hash(barrier)),
    "new attribute": lambda barrier: setattr(barrier, "attribute", 1),
    "pickle": pickle.dumps,
    "deepcopy": copy.deepcopy,
}

# Each works on the class.
ON_CLASS: dict[str, Callable[[Any], Any]] = {
    "()": lambda kind: kind(),
    "(1)": lambda kind: kind(1).wait(),
    "(True)": lambda kind: kind(True).wait(),
    "(parties=1)": lambda kind: kind(parties=1).wait(),
    "(1, None, None)": lambda kind: kind(1, None, None).wait(),
    "(1, None, 0)": lambda kind: kind(1, None, 0).wait(),
    "(2, None, 0)": lambda kind: kind(2, None, 0).wait(),
    "(2, timeout=0.001)": lambda kind: kind(2, timeout=0.001).wait(),
    "(2, timeout=5).wait(0)": lambda kind: kind(2, timeout=5).wait(0),
    "(1, 1, 1, 1)": lambda kind: kind(1, 1, 1, 1),
    "(1, wrong=1)": lambda kind: kind(1, wrong=1),
    "action is not callable": lambda kind: kind(1, action=5).wait(),
    "action raises": lambda kind: kind(1, action=lambda: 1 // 0).wait(),
    "action returns": lambda kind: kind(1, action=lambda: "ignored").wait(),
}


@pytest.mark.parametrize("call", ON_TWO)
def test_on_two(call: str, same_as_stock: Callable[..., None]) -> None:
    same_as_stock(lambda implementation: ON_TWO[call](implementation.threading.Barrier(2)))


@pytest.mark.parametrize("call", ON_CLASS)
def test_on_class(call: str, same_as_stock: Callable[..., None]) -> None:
    same_as_stock(lambda implementation: ON_CLASS[call](implementation.threading.Barrier))


@pytest.mark.parametrize("parties", [0, -1])
def test_parties_are_checked(parties: int, implementation: Implementation, stock: Implementation) -> None:
    """CPython refuses less than one since 3.13; the words of the error have changed since."""
    if sys.version_info >= (3, 13):
        for each in (implementation, stock):
            with pytest.raises(ValueError, match="parties must be"):
                each.threading.Barrier(parties)
    else:
        assert stock.threading.Barrier(parties).parties == parties


def test_surface(same_surface: Callable[..., None]) -> None:
    same_surface(lambda implementation: implementation.threading.Barrier(2))


def test_is_a_stock_barrier(implementation: Implementation) -> None:
    assert isinstance(implementation.threading.Barrier(2), stock_threading.Barrier)


def test_a_failing_action_breaks_the_barrier(implementation: Implementation) -> None:
    barrier = implementation.threading.Barrier(1, action=lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        barrier.wait()
    assert barrier.broken is True
    with pytest.raises(stock_threading.BrokenBarrierError):
        barrier.wait()
    barrier.reset()
    assert barrier.broken is False


def test_the_action_runs_in_the_thread_that_comes_last(
    implementation: Implementation, wait_until_blocked: Callable[..., None]
) -> None:
    ran: list[int] = []
    numbers: list[int] = []
    barrier = implementation.threading.Barrier(3, action=lambda: ran.append(stock_threading.get_ident()))
    threads = [stock_threading.Thread(target=lambda: numbers.append(barrier.wait()), daemon=True) for _ in range(2)]
    for count, thread in enumerate(threads, 1):
        thread.start()
        wait_until_blocked([thread], implementation)
        assert barrier.n_waiting == count
    assert repr(barrier).endswith(": waiters=2/3>")
    assert barrier.wait() == 2
    for thread in threads:
        thread.join(30.0)
    assert ran == [stock_threading.get_ident()]
    assert sorted(numbers) == [0, 1]
    assert barrier.n_waiting == 0


def test_reset_breaks_those_who_wait(implementation: Implementation, wait_until_blocked: Callable[..., None]) -> None:
    barrier = implementation.threading.Barrier(3)
    errors: list[type] = []

    def wait() -> None:
        try:
            barrier.wait()
        except Exception as error:
            errors.append(type(error))

    threads = [stock_threading.Thread(target=wait, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    wait_until_blocked(threads, implementation)
    barrier.reset()
    for thread in threads:
        thread.join(30.0)
    assert errors == [stock_threading.BrokenBarrierError] * 2
    assert barrier.broken is False
    assert barrier.n_waiting == 0


def test_subclass(implementation: Implementation) -> None:
    class Subclass(implementation.threading.Barrier):  # type: ignore[name-defined, misc]
        def __init__(self, name: str) -> None:
            super().__init__(1)
            self.name = name

        def wait(self, timeout: float | None = None) -> int:
            return 10 + super().wait(timeout)

    barrier = Subclass("name")
    assert barrier.wait() == 10
    assert barrier.name == "name"
    assert ".Subclass at 0x" in repr(barrier)


def test_weak_reference(implementation: Implementation) -> None:
    barrier = implementation.threading.Barrier(1)
    reference = weakref.ref(barrier)
    assert reference() is barrier
