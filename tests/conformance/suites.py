"""CPython's own test classes, bound to the implementation under test.

The classes come from the ``test`` package of the running interpreter, so that each version is measured by its own
tests. They are bound the way CPython binds them to its own two implementations: by a class attribute.
"""

from __future__ import annotations

import importlib
import sys
import unittest
from collections.abc import Callable
from types import ModuleType
from typing import Any


class TestPackageMissingError(Exception):
    """The interpreter was installed without CPython's ``test`` package."""


def bound_suites(implementation: str) -> list[type[unittest.TestCase]]:
    """Every test class, bound to ``implementation``, which is ``stock`` or ``raddle``."""
    # Without a limit, 3.14 skips the tests of queues with the most threads.
    support: Any = import_from_test_package("support")
    support.set_memlimit("6g")
    support.verbose = False
    lock_tests = import_from_test_package("lock_tests")
    test_queue = import_from_test_package("test_queue")
    prefix = "raddle." if implementation == "raddle" else ""
    threading = importlib.import_module(prefix + "threading")
    queue = importlib.import_module(prefix + "queue")
    make = guarded(threading) if implementation == "raddle" else unguarded(threading)
    return [
        bind(lock_tests.LockTests, locktype=make("Lock", "lock")),
        bind(lock_tests.RLockTests, locktype=make("RLock", "RLock")),
        bind(lock_tests.EventTests, eventtype=make("Event", "Event")),
        bind(condition_as_rlock(lock_tests), locktype=make("Condition", "Condition")),
        bind(lock_tests.ConditionTests, condtype=make("Condition", "Condition")),
        bind(lock_tests.SemaphoreTests, semtype=make("Semaphore", "Semaphore")),
        bind(lock_tests.BoundedSemaphoreTests, semtype=make("BoundedSemaphore", "BoundedSemaphore")),
        bind(lock_tests.BarrierTests, barriertype=make("Barrier", "Barrier")),
        bind(test_queue.QueueTest, queue=queue),
        bind(test_queue.LifoQueueTest, queue=queue),
        bind(test_queue.PriorityQueueTest, queue=queue),
        bind(test_queue.FailingQueueTest, queue=queue),
        bind(test_queue.CSimpleQueueTest, queue=queue),
    ]


def import_from_test_package(name: str) -> ModuleType:
    """A module of CPython's test suite."""
    try:
        return importlib.import_module(f"test.{name}")
    except ImportError as error:
        raise TestPackageMissingError(
            f"{sys.executable} has no module test.{name} ({error}). Conformance is measured by the running "
            "interpreter's own tests: install its test package (Debian: libpython3.x-testsuite) or use a "
            "python that was built from source."
        ) from None


def guarded(threading: ModuleType) -> Callable[[str, str], Any]:
    """Makes factories that fail the test when an object is not of the native type."""
    native: Any = importlib.import_module("raddle._native")
    assert native.__file__.endswith((".so", ".pyd")), native.__file__

    def make(name: str, native_name: str) -> Any:
        constructor = getattr(threading, name)
        native_type = getattr(native, native_name)

        def construct(*args: Any, **kwargs: Any) -> Any:
            made = constructor(*args, **kwargs)
            assert isinstance(made, native_type), f"{made!r} is not of {native_type!r}"
            return made

        return staticmethod(construct)

    return make


def unguarded(threading: ModuleType) -> Callable[[str, str], Any]:
    """Makes factories for the standard library's own classes."""
    return lambda name, _native_name: staticmethod(getattr(threading, name))


def condition_as_rlock(lock_tests: ModuleType) -> type:
    """The RLock tests for a Condition, which by default offers its RLock's methods; CPython binds it so too."""

    class ConditionAsRLockTests(lock_tests.RLockTests):  # type: ignore[name-defined, misc]
        def test_recursion_count(self) -> None:
            self.skipTest("a Condition has no _recursion_count")

    return ConditionAsRLockTests


def bind(base: type, **attributes: Any) -> type[unittest.TestCase]:
    """A runnable class of ``base`` with the implementation under test as class attributes."""
    bases = (base,) if issubclass(base, unittest.TestCase) else (base, unittest.TestCase)
    return type(base.__name__, bases, {**attributes, "__module__": __name__})


def assert_queues_are_ours() -> None:
    """Fails unless the queue classes under test stand on native ones."""
    native: Any = importlib.import_module("raddle._native")
    queue: Any = importlib.import_module("raddle.queue")
    for kind in (queue.Queue, queue.LifoQueue):
        assert issubclass(kind, native.Queue), kind.__mro__
        assert not kind()._is_retired(), kind
    # This one keeps the standard library's algorithm, over our locks.
    assert isinstance(queue.PriorityQueue().mutex, native.lock)
    assert queue.SimpleQueue is native.SimpleQueue
