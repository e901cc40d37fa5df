"""Condition: arguments, errors and looks, compared with the standard library in the same process."""

from __future__ import annotations

import contextlib
import copy
import pickle
import re
import threading as stock_threading
import warnings
import weakref
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Implementation

# Each works on a condition whose lock is free.
ON_FREE: dict[str, Callable[[Any], Any]] = {
    "wait()": lambda condition: condition.wait(),
    "wait(1)": lambda condition: condition.wait(1),
    "wait('1')": lambda condition: condition.wait("1"),
    "wait(1, 2)": lambda condition: condition.wait(1, 2),
    "wait(wrong=1)": lambda condition: condition.wait(wrong=1),
    "wait_for(false)": lambda condition: condition.wait_for(lambda: False),
    "wait_for(true)": lambda condition: condition.wait_for(lambda: "truth"),
    "wait_for()": lambda condition: condition.wait_for(),
    "notify()": lambda condition: condition.notify(),
    "notify(2)": lambda condition: condition.notify(2),
    "notify(1, 2)": lambda condition: condition.notify(1, 2),
    "notify_all()": lambda condition: condition.notify_all(),
    "notify_all(1)": lambda condition: condition.notify_all(1),
    "release()": lambda condition: condition.release(),
    "acquire()": lambda condition: condition.acquire(),
    "acquire(0)": lambda condition: condition.acquire(0),
    "acquire(True, None)": lambda condition: condition.acquire(True, None),
    "acquire(timeout=-2)": lambda condition: condition.acquire(timeout=-2),
    "__enter__()": lambda condition: condition.__enter__(),
    "__exit__(3)": lambda condition: condition.__exit__(None, None, None),
    "_is_owned()": lambda condition: condition._is_owned(),
    "locked()": lambda condition: condition.locked(),
    "repr": lambda condition: hide_owner(repr(condition)),
    "bool": bool,
    "hash": lambda condition: type(hash(condition)),
    "len of waiters": lambda condition: len(condition._waiters),
    "new attribute": lambda condition: setattr(condition, "attribute", 1),
    "pickle": pickle.dumps,
    "deepcopy": copy.deepcopy,
}

# Each works on a condition whose lock this thread has taken.
ON_HELD: dict[str, Callable[[Any], Any]] = {
    "wait(0)": lambda condition: condition.wait(0),
    "wait(0.0)": lambda condition: condition.wait(0.0),
    "wait(0.001)": lambda condition: condition.wait(0.001),
    "wait(timeout=0.001)": lambda condition: condition.wait(timeout=0.001),
    "wait(-1)": lambda condition: condition.wait(-1),
    "wait(-1e100)": lambda condition: condition.wait(-1e100),
    "wait(-inf)": lambda condition: condition.wait(float("-inf")),
    "wait(inf)": lambda condition: condition.wait(float("inf")),
    "wait(1e100)": lambda condition: condition.wait(1e100),
    "wait(TIMEOUT_MAX + 1)": lambda condition: condition.wait(9223372037.0),
    "wait('1')": lambda condition: condition.wait("1"),
    "wait([])": lambda condition: condition.wait([]),
    "wait(Fraction)": lambda condition: condition.wait(Fraction(1, 1000)),
    "wait(False)": lambda condition: condition.wait(False),
    "wait_for(true)": lambda condition: condition.wait_for(lambda: "truth"),
    "wait_for(false, 0)": lambda condition: condition.wait_for(list, 0),
    "wait_for(false, 0.001)": lambda condition: condition.wait_for(lambda: 0, timeout=0.001),
    "wait_for(raising)": lambda condition: condition.wait_for(lambda: 1 // 0),
    "wait_for(1)": lambda condition: condition.wait_for(1),
    "notify()": lambda condition: condition.notify(),
    "notify(0)": lambda condition: condition.notify(0),
    "notify(-1)": lambda condition: condition.notify(-1),
    "notify(True)": lambda condition: condition.notify(True),
    "notify(10**30)": lambda condition: condition.notify(10**30),
    "notify(n=3)": lambda condition: condition.notify(n=3),
    "notify_all()": lambda condition: condition.notify_all(),
    "_is_owned()": lambda condition: condition._is_owned(),
    "locked()": lambda condition: condition.locked(),
    "release()": lambda condition: condition.release(),
    "repr": lambda condition: hide_owner(repr(condition)),
    "_at_fork_reinit()": lambda condition: (condition._at_fork_reinit(), condition._is_owned()),
}

# Each works on the module.
ON_MODULE: dict[str, Callable[[Any], Any]] = {
    "Condition(None)": lambda threading: type(threading.Condition(None)._lock).__name__,
    "Condition(lock=Lock)": lambda threading: type(threading.Condition(lock=threading.Lock())._lock),
    "Condition(5)": lambda threading: threading.Condition(5),
    "Condition('lock')": lambda threading: threading.Condition("lock"),
    "Condition(1, 2)": lambda threading: threading.Condition(1, 2),
    "Condition(wrong=1)": lambda threading: threading.Condition(wrong=1),
    "Condition(Semaphore)": lambda threading: type(threading.Condition(threading.Semaphore())),
    "Condition(Condition)": lambda threading: type(threading.Condition(threading.Condition())),
}

LOCKS: dict[str, Callable[[Any], Any]] = {
    "default": lambda _threading: None,
    "Lock": lambda threading: threading.Lock(),
    "RLock": lambda threading: threading.RLock(),
    "PythonLock": lambda threading: PythonLock(threading),
    "Condition": lambda threading: threading.Condition(),
}


class PythonLock:
    """A lock made in Python."""

    def __init__(self, threading: Any) -> None:
        self.inner = threading.Lock()
        self.log: list[str] = []

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        self.log.append("acquire")
        return self.inner.acquire(blocking, timeout)

    def release(self) -> None:
        self.log.append("release")
        self.inner.release()

    def locked(self) -> bool:
        return self.inner.locked()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *details: object) -> None:
        self.release()


def hide_owner(text: str) -> str:
    """A repr without the owner's number and the lock's address."""
    return re.sub("owner=[0-9]+", "owner=", text)


@pytest.mark.parametrize("lock", LOCKS)
@pytest.mark.parametrize("call", ON_FREE)
def test_on_free_condition(call: str, lock: str, same_as_stock: Callable[..., None]) -> None:
    def use(implementation: Implementation) -> Any:
        threading = implementation.threading
        return ON_FREE[call](threading.Condition(LOCKS[lock](threading)))

    same_as_stock(use)


@pytest.mark.parametrize("lock", LOCKS)
@pytest.mark.parametrize("call", ON_HELD)
def test_on_held_condition(call: str, lock: str, same_as_stock: Callable[..., None]) -> None:
    def use(implementation: Implementation) -> Any:
        threading = implementation.threading
        condition = threading.Condition(LOCKS[lock](threading))
        assert condition.acquire() is True
        return ON_HELD[call](condition)

    same_as_stock(use)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_failed_wait_leaves_the_lock_held(lock: str, implementation: Implementation) -> None:
    threading = implementation.threading
    condition = threading.Condition(LOCKS[lock](threading))
    for timeout, error in ((1e100, OverflowError), ("1", TypeError)):
        with condition:
            with pytest.raises(error):
                condition.wait(timeout)
            assert condition._is_owned()
            assert len(condition._waiters) == 0
    assert not condition._is_owned()


@pytest.mark.parametrize("lock", ["default", "Lock", "RLock"])
def test_no_wait_for_nan_seconds(lock: str, implementation: Implementation) -> None:
    """Newer CPython raises ValueError, older takes it for zero. It never waits."""
    threading = implementation.threading
    condition = threading.Condition(LOCKS[lock](threading))
    with condition:
        with contextlib.suppress(ValueError):
            assert condition.wait(float("nan")) is False
        assert condition._is_owned()
        assert len(condition._waiters) == 0


@pytest.mark.parametrize("call", ON_MODULE)
def test_on_module(call: str, same_as_stock: Callable[..., None]) -> None:
    same_as_stock(lambda implementation: ON_MODULE[call](implementation.threading))


def test_surface(same_surface: Callable[..., None]) -> None:
    same_surface(lambda implementation: implementation.threading.Condition())


def test_attributes_come_from_the_lock(implementation: Implementation) -> None:
    for name in ("Lock", "RLock"):
        lock = getattr(implementation.threading, name)()
        condition = implementation.threading.Condition(lock)
        assert condition._lock is lock
        assert condition.acquire == lock.acquire
        assert condition.release == lock.release
        condition.acquire()
        assert not lock.acquire(False) or name == "RLock"


def test_is_a_stock_condition(implementation: Implementation) -> None:
    assert isinstance(implementation.threading.Condition(), stock_threading.Condition)


def test_with(implementation: Implementation) -> None:
    condition = implementation.threading.Condition()
    with condition as entered:
        assert entered is True
        assert condition._is_owned()
    assert not condition._is_owned()


def test_recursive_hold_is_given_up_and_restored(
    implementation: Implementation, wait_until_blocked: Callable[..., None]
) -> None:
    condition = implementation.threading.Condition()
    depths: list[int] = []

    def wait() -> None:
        with condition, condition, condition:
            condition.wait()
            depths.append(condition._lock._recursion_count())

    thread = stock_threading.Thread(target=wait, daemon=True)
    thread.start()
    wait_until_blocked([thread], implementation)
    with condition:
        condition.notify()
    thread.join(30.0)
    assert depths == [3]
    assert condition.acquire(False)


@pytest.mark.parametrize("lock", LOCKS)
def test_waiters_are_counted_and_notified_in_order(
    lock: str, implementation: Implementation, wait_until_blocked: Callable[..., None]
) -> None:
    threading = implementation.threading
    condition = threading.Condition(LOCKS[lock](threading))
    woken: list[int] = []

    def wait(index: int) -> None:
        with condition:
            assert condition.wait() is True
            woken.append(index)

    threads: list[stock_threading.Thread] = []
    for index in range(3):
        threads.append(stock_threading.Thread(target=wait, args=(index,), daemon=True))
        threads[-1].start()
        native_lock = lock in ("default", "Lock", "RLock")
        wait_until_blocked(threads[-1:], implementation, registered=native_lock)
    assert len(condition._waiters) == 3
    assert hide_owner(repr(condition)).endswith(", 3)>")
    for index in range(3):
        with condition:
            condition.notify()
            assert len(condition._waiters) == 2 - index
        threads[index].join(30.0)
        assert woken == list(range(index + 1))


def test_notify_all_old_name(implementation: Implementation) -> None:
    condition = implementation.threading.Condition()
    with condition, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        condition.notifyAll()
    assert [(warning.category, str(warning.message)) for warning in caught] == [
        (DeprecationWarning, "notifyAll() is deprecated, use notify_all() instead")
    ]
    assert caught[0].filename == __file__


def test_subclass(implementation: Implementation) -> None:
    threading = implementation.threading

    class Subclass(threading.Condition):  # type: ignore[name-defined, misc]
        def __init__(self, name: str) -> None:
            super().__init__(threading.Lock())
            self.name = name
            self.calls: list[str] = []

        def wait(self, timeout: float | None = None) -> bool:
            self.calls.append("wait")
            return super().wait(timeout)

        def notify(self, n: int = 1) -> None:
            self.calls.append("notify")
            super().notify(n)

    condition = Subclass("name")
    with condition:
        assert not condition.wait_for(lambda: False, 0.001)
        condition.notify_all()
    assert condition.name == "name"
    assert condition.calls[:1] == ["wait"]
    assert condition.calls[-1:] == ["notify"]
    assert repr(condition).startswith("<Condition(<unlocked _thread.lock object at ")


def test_weak_reference(implementation: Implementation) -> None:
    condition = implementation.threading.Condition()
    reference = weakref.ref(condition)
    assert reference() is condition
