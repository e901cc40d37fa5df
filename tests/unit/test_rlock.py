"""RLock: arguments, errors and looks, compared with the standard library in the same process."""

from __future__ import annotations

import copy
import pickle
import re
import sys
import threading as stock_threading
import warnings
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Implementation

# Each works on a free lock.
ON_FREE: dict[str, Callable[[Any], Any]] = {
    "acquire()": lambda lock: lock.acquire(),
    "acquire(0)": lambda lock: lock.acquire(0),
    "acquire(True, None)": lambda lock: lock.acquire(True, None),
    "acquire(timeout=None)": lambda lock: lock.acquire(timeout=None),
    "acquire(timeout='1')": lambda lock: lock.acquire(timeout="1"),
    "acquire(timeout=nan)": lambda lock: lock.acquire(timeout=float("nan")),
    "acquire(timeout=1e100)": lambda lock: lock.acquire(timeout=1e100),
    "acquire(timeout=TIMEOUT_MAX)": lambda lock: lock.acquire(timeout=9223372036.0),
    "acquire(timeout=TIMEOUT_MAX+1)": lambda lock: lock.acquire(timeout=9223372037.0),
    "acquire(timeout=-2)": lambda lock: lock.acquire(timeout=-2),
    "acquire(False, 1)": lambda lock: lock.acquire(False, 1),
    "acquire(False, -1)": lambda lock: lock.acquire(False, -1),
    "acquire(1, 2, 3)": lambda lock: lock.acquire(1, 2, 3),
    "acquire(wrong=1)": lambda lock: lock.acquire(wrong=1),
    "release()": lambda lock: lock.release(),
    "release(1)": lambda lock: lock.release(1),
    "__enter__()": lambda lock: lock.__enter__(),
    "__exit__(3)": lambda lock: lock.__exit__(None, None, None),
    "locked()": lambda lock: lock.locked(),
    "_is_owned()": lambda lock: lock._is_owned(),
    "_recursion_count()": lambda lock: lock._recursion_count(),
    "_release_save()": lambda lock: lock._release_save(),
    "_acquire_restore()": lambda lock: lock._acquire_restore(),
    "_acquire_restore(None)": lambda lock: lock._acquire_restore(None),
    "_acquire_restore(1, 2)": lambda lock: lock._acquire_restore(1, 2),
    "_acquire_restore(('a', 'b'))": lambda lock: lock._acquire_restore(("a", "b")),
    "repr": repr,
    "bool": bool,
    "hash": lambda lock: type(hash(lock)),
    "new attribute": lambda lock: setattr(lock, "attribute", 1),
    "pickle": pickle.dumps,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}

# Each works on a lock that this thread has taken twice.
ON_HELD: dict[str, Callable[[Any], Any]] = {
    "acquire()": lambda lock: lock.acquire(),
    "acquire(False)": lambda lock: lock.acquire(False),
    "acquire(timeout=1)": lambda lock: lock.acquire(timeout=1),
    "release()": lambda lock: (lock.release(), lock._recursion_count()),
    "release three times": lambda lock: (lock.release(), lock.release(), lock.release()),
    "locked()": lambda lock: lock.locked(),
    "_is_owned()": lambda lock: lock._is_owned(),
    "_recursion_count()": lambda lock: lock._recursion_count(),
    "_release_save()": lambda lock: (type(lock._release_save()), lock._recursion_count()),
    "_acquire_restore()": lambda lock: (
        lock._acquire_restore(lock._release_save()),
        lock._recursion_count(),
    ),
    "_at_fork_reinit()": lambda lock: (lock._at_fork_reinit(), lock._recursion_count()),
    "repr": repr,
    "repr after a release": lambda lock: (lock.release(), repr(lock)),
    "repr after all releases": lambda lock: (lock.release(), lock.release(), repr(lock)),
}

# Each is done by a thread that does not hold the lock, which another holds.
BY_OTHERS: dict[str, Callable[[Any], Any]] = {
    "acquire(False)": lambda lock: lock.acquire(False),
    "acquire(timeout=0.001)": lambda lock: lock.acquire(timeout=0.001),
    "release()": lambda lock: lock.release(),
    "_is_owned()": lambda lock: lock._is_owned(),
    "_recursion_count()": lambda lock: lock._recursion_count(),
    "locked()": lambda lock: lock.locked(),
    "repr": lambda lock: re.sub("owner=[0-9]+", "owner=", repr(lock)),
}


@pytest.mark.parametrize("call", ON_FREE)
def test_on_free_lock(call: str, same_as_stock: Callable[..., None]) -> None:
    same_as_stock(lambda implementation: ON_FREE[call](implementation.threading.RLock()))


@pytest.mark.parametrize("call", ON_HELD)
def test_on_held_lock(call: str, same_as_stock: Callable[..., None]) -> None:
    def use(implementation: Implementation) -> Any:
        lock = implementation.threading.RLock()
        assert lock.acquire() is True
        assert lock.acquire() is True
        return ON_HELD[call](lock)

    same_as_stock(use)


@pytest.mark.parametrize("call", BY_OTHERS)
def test_by_others(call: str, same_as_stock: Callable[..., None]) -> None:
    def use(implementation: Implementation) -> Any:
        lock = implementation.threading.RLock()
        thread = stock_threading.Thread(target=lock.acquire)
        thread.start()
        thread.join()
        return BY_OTHERS[call](lock)

    same_as_stock(use)


def test_surface(same_surface: Callable[..., None]) -> None:
    same_surface(lambda implementation: implementation.threading.RLock())


def test_constructor_signature(implementation: Implementation) -> None:
    """Up to 3.14 the type tells no signature, because it takes and ignores any argument."""
    kind = type(implementation.threading.RLock())
    assert kind.__text_signature__ is None or sys.version_info >= (3, 15)


def test_arguments_are_ignored(implementation: Implementation, stock: Implementation) -> None:
    caught = []
    for each in (implementation, stock):
        with warnings.catch_warnings(record=True) as recorded:
            warnings.simplefilter("always")
            lock = each.threading.RLock(1, 2, a=3)
        assert lock.acquire(False)
        lock.release()
        assert all(warning.filename == __file__ for warning in recorded)
        caught.append([(warning.category, str(warning.message)) for warning in recorded])
    assert caught[0] == caught[1]


def test_release_save_by_others(implementation: Implementation) -> None:
    lock = implementation.threading.RLock()
    thread = stock_threading.Thread(target=lock.acquire)
    thread.start()
    thread.join()
    # Before 3.14 CPython lets any thread release a held RLock in this way; nobody should rely on it.
    if implementation.is_ours or sys.version_info >= (3, 14):
        with pytest.raises(RuntimeError):
            lock._release_save()
        assert repr(lock).startswith("<locked ")


def test_subclass(implementation: Implementation) -> None:
    kind = type(implementation.threading.RLock())

    class Subclass(kind):  # type: ignore[misc, valid-type]
        def __init__(self, name: str) -> None:
            self.name = name

        def __enter__(self) -> str:
            self.acquire()
            return self.name

    lock = Subclass("name")
    with lock as entered:
        assert entered == "name"
        assert lock._recursion_count() == 1
    assert not lock._is_owned()
    assert repr(lock).startswith("<unlocked ")
    assert "Subclass object" in repr(lock)


def test_weak_reference(implementation: Implementation) -> None:
    lock = implementation.threading.RLock()
    reference = weakref.ref(lock)
    assert reference() is lock
    del lock
    assert reference() is None


def test_with_is_nested(implementation: Implementation) -> None:
    lock = implementation.threading.RLock()
    with lock as outer, lock as inner:
        assert outer is True
        assert inner is True
        assert lock._recursion_count() == 2
    assert lock._recursion_count() == 0
