"""Lock: arguments, errors and looks, compared with the standard library in the same process."""

from __future__ import annotations

import copy
import pickle
import sys
import weakref
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Implementation


class Index:
    def __index__(self) -> int:
        return 1


class FailingBool:
    def __bool__(self) -> bool:
        raise LookupError("no truth")


class FloatSubclass(float):
    pass


# Each works on a free lock.
ON_FREE: dict[str, Callable[[Any], Any]] = {
    "acquire()": lambda lock: lock.acquire(),
    "acquire(True)": lambda lock: lock.acquire(True),
    "acquire(False)": lambda lock: lock.acquire(False),
    "acquire(0)": lambda lock: lock.acquire(0),
    "acquire(2)": lambda lock: lock.acquire(2),
    "acquire(blocking=1)": lambda lock: lock.acquire(blocking=1),
    "acquire(block=True)": lambda lock: lock.acquire(block=True),
    "acquire(True, -1)": lambda lock: lock.acquire(True, -1),
    "acquire(True, -1.0)": lambda lock: lock.acquire(True, -1.0),
    "acquire(False, -1)": lambda lock: lock.acquire(False, -1),
    "acquire(False, timeout=-1)": lambda lock: lock.acquire(False, timeout=-1),
    "acquire(True, 0)": lambda lock: lock.acquire(True, 0),
    "acquire(True, 0.0)": lambda lock: lock.acquire(True, 0.0),
    "acquire(timeout=1)": lambda lock: lock.acquire(timeout=1),
    "acquire(timeout=True)": lambda lock: lock.acquire(timeout=True),
    "acquire(timeout=1e-9)": lambda lock: lock.acquire(timeout=1e-9),
    "acquire(timeout=Index)": lambda lock: lock.acquire(timeout=Index()),
    "acquire(timeout=FloatSubclass)": lambda lock: lock.acquire(timeout=FloatSubclass(1.0)),
    "acquire(timeout=Fraction)": lambda lock: lock.acquire(timeout=Fraction(1, 2)),
    "acquire(timeout=Decimal)": lambda lock: lock.acquire(timeout=Decimal(1)),
    "acquire(timeout=TIMEOUT_MAX)": lambda lock: lock.acquire(timeout=9223372036.0),
    "acquire(True, None)": lambda lock: lock.acquire(True, None),
    "acquire(timeout=None)": lambda lock: lock.acquire(timeout=None),
    "acquire(timeout='1')": lambda lock: lock.acquire(timeout="1"),
    "acquire(timeout=[])": lambda lock: lock.acquire(timeout=[]),
    "acquire(timeout=1j)": lambda lock: lock.acquire(timeout=1j),
    "acquire(timeout=nan)": lambda lock: lock.acquire(timeout=float("nan")),
    "acquire(timeout=inf)": lambda lock: lock.acquire(timeout=float("inf")),
    "acquire(timeout=-inf)": lambda lock: lock.acquire(timeout=float("-inf")),
    "acquire(timeout=1e100)": lambda lock: lock.acquire(timeout=1e100),
    "acquire(timeout=-1e100)": lambda lock: lock.acquire(timeout=-1e100),
    "acquire(timeout=10**400)": lambda lock: lock.acquire(timeout=10**400),
    "acquire(timeout=TIMEOUT_MAX+1)": lambda lock: lock.acquire(timeout=9223372037.0),
    "acquire(timeout=2**63)": lambda lock: lock.acquire(timeout=2**63),
    "acquire(timeout=-2)": lambda lock: lock.acquire(timeout=-2),
    "acquire(timeout=-0.5)": lambda lock: lock.acquire(timeout=-0.5),
    "acquire(timeout=-1e-12)": lambda lock: lock.acquire(timeout=-1e-12),
    "acquire(timeout=-0.0)": lambda lock: lock.acquire(timeout=-0.0),
    "acquire(False, 1)": lambda lock: lock.acquire(False, 1),
    "acquire(False, 0)": lambda lock: lock.acquire(False, 0),
    "acquire(False, -2)": lambda lock: lock.acquire(False, -2),
    "acquire(1, 2, 3)": lambda lock: lock.acquire(1, 2, 3),
    "acquire(True, blocking=True)": lambda lock: lock.acquire(True, blocking=True),
    "acquire(wrong=1)": lambda lock: lock.acquire(wrong=1),
    "release()": lambda lock: lock.release(),
    "release(1)": lambda lock: lock.release(1),
    "release(a=1)": lambda lock: lock.release(a=1),
    "locked()": lambda lock: lock.locked(),
    "locked(1)": lambda lock: lock.locked(1),
    "__enter__()": lambda lock: lock.__enter__(),
    "__exit__()": lambda lock: lock.__exit__(),
    "__exit__(3)": lambda lock: lock.__exit__(None, None, None),
    "hash": lambda lock: type(hash(lock)),
    "bool": bool,
    "equal to itself": lambda lock: lock == lock,
    "new attribute": lambda lock: setattr(lock, "attribute", 1),
    "repr": repr,
    "str": str,
    "pickle": pickle.dumps,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "less than": lambda lock: lock < lock,
    "call": lambda lock: lock(),
}

# Before 3.12 the standard library insists on a number here; raddle takes the truth of anything.
if sys.version_info >= (3, 12):
    ON_FREE |= {
        "acquire('yes')": lambda lock: lock.acquire("yes"),
        "acquire([])": lambda lock: lock.acquire([]),
        "acquire(None)": lambda lock: lock.acquire(None),
        "acquire(FailingBool)": lambda lock: lock.acquire(FailingBool()),
    }

# Each works on a lock that this thread has taken.
ON_HELD: dict[str, Callable[[Any], Any]] = {
    "acquire(False)": lambda lock: lock.acquire(False),
    "acquire(0)": lambda lock: lock.acquire(0),
    "acquire(True, 0)": lambda lock: lock.acquire(True, 0),
    "acquire(timeout=1e-9)": lambda lock: lock.acquire(timeout=1e-9),
    "acquire(timeout=0.001)": lambda lock: lock.acquire(timeout=0.001),
    "acquire(timeout=-1e-12)": lambda lock: lock.acquire(timeout=-1e-12),
    "release()": lambda lock: lock.release(),
    "release twice": lambda lock: (lock.release(), lock.release()),
    "locked()": lambda lock: lock.locked(),
    "__exit__()": lambda lock: lock.__exit__(),
    "__exit__(3)": lambda lock: lock.__exit__(None, None, None),
    "__exit__(4)": lambda lock: lock.__exit__(1, 2, 3, 4),
    "_at_fork_reinit": lambda lock: (lock._at_fork_reinit(), lock.locked()),
    "repr": repr,
    "acquire_lock(False)": lambda lock: lock.acquire_lock(False),
    "locked_lock()": lambda lock: lock.locked_lock(),
    "release_lock()": lambda lock: lock.release_lock(),
}

# Each works on the module.
ON_MODULE: dict[str, Callable[[Any], Any]] = {
    "Lock(1)": lambda threading: threading.Lock(1),
    "Lock(a=1)": lambda threading: threading.Lock(a=1),
    "type(lock)()": lambda threading: type(type(threading.Lock())()),
    "type(lock)(1)": lambda threading: type(threading.Lock())(1),
    "subclass": lambda threading: type("Subclass", (type(threading.Lock()),), {}),
    "Lock | None": lambda threading: threading.Lock | None,
    "allocate_lock name": lambda threading: (
        threading._allocate_lock.__name__,
        threading._allocate_lock.__module__,
    ),
    "a method without self": lambda threading: type(threading.Lock()).acquire(),
    "a method with a wrong self": lambda threading: type(threading.Lock()).acquire(1),
    "a new class attribute": lambda threading: (
        setattr(type(threading.Lock()), "attribute", 1),
        delattr(type(threading.Lock()), "attribute"),
    ),
}


@pytest.mark.parametrize("call", ON_FREE)
def test_on_free_lock(call: str, same_as_stock: Callable[..., None]) -> None:
    same_as_stock(lambda implementation: ON_FREE[call](implementation.threading.Lock()))


@pytest.mark.parametrize("call", ON_HELD)
def test_on_held_lock(call: str, same_as_stock: Callable[..., None]) -> None:
    def use(implementation: Implementation) -> Any:
        lock = implementation.threading.Lock()
        assert lock.acquire() is True
        return ON_HELD[call](lock)

    same_as_stock(use)


@pytest.mark.parametrize("call", ON_MODULE)
def test_on_module(call: str, same_as_stock: Callable[..., None]) -> None:
    same_as_stock(lambda implementation: ON_MODULE[call](implementation.threading))


def test_surface(same_surface: Callable[..., None]) -> None:
    same_surface(lambda implementation: implementation.threading.Lock())


def test_a_failed_call_changes_nothing(implementation: Implementation) -> None:
    for call in ON_FREE.values():
        lock = implementation.threading.Lock()
        try:
            result = call(lock)
        except Exception:
            assert not lock.locked()
        else:
            assert lock.locked() == (result is True and call not in (ON_FREE["bool"], ON_FREE["equal to itself"]))


def test_with(implementation: Implementation) -> None:
    lock = implementation.threading.Lock()
    with lock as entered:
        assert entered is True
        assert lock.locked() is True
        assert lock.acquire(False) is False
    assert lock.locked() is False
    with pytest.raises(LookupError), lock:
        raise LookupError
    assert lock.locked() is False


def test_with_fails_when_released_inside(implementation: Implementation) -> None:
    lock = implementation.threading.Lock()
    with pytest.raises(RuntimeError, match="release unlocked lock"), lock:
        lock.release()


def test_weak_reference(implementation: Implementation) -> None:
    lock = implementation.threading.Lock()
    reference = weakref.ref(lock)
    assert reference() is lock
    del lock
    assert reference() is None


def test_one_type_for_all(implementation: Implementation) -> None:
    threading = implementation.threading
    assert type(threading.Lock()) is type(threading._allocate_lock())
    if sys.version_info >= (3, 13):
        assert threading.Lock is type(threading.Lock())
