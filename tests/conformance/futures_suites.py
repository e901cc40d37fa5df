"""The thread side of CPython's ``test_concurrent_futures``, bound to the implementation under test.

The tests reach the classes through their modules' globals and one class attribute, ``executor_type``; both are set
here. What they build with ``create_future`` is built by public calls when it is bound to raddle, so that the futures
are native ones: the original writes a future's private attributes, which hands it over to the standard library's
algorithm. In a process that is switched as a whole the original stays, and so does that way.
"""

from __future__ import annotations

import importlib
import sys
import unittest
from collections.abc import Callable
from concurrent import futures as stock
from concurrent.futures import _base
from concurrent.futures import thread as stock_thread
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.conformance import testpackage
from tests.conformance.suites import TestPackageMissingError, bind

# Taken while the process may already be switched: then these are raddle's, and there is nothing to replace.
STOCK = {
    "Future": _base.Future,
    "ThreadPoolExecutor": stock_thread.ThreadPoolExecutor,
    "wait": _base.wait,
    "as_completed": _base.as_completed,
}


def bound_suites(implementation: str) -> list[type[unittest.TestCase]]:
    """Every test class of the thread side, bound to ``implementation``, which is ``stock`` or ``raddle``."""
    missing = testpackage.why_missing()
    if missing is not None:
        raise TestPackageMissingError(missing)
    modules = test_modules()
    classes = thread_side(modules)
    prefix = "raddle." if implementation == "raddle" else ""
    futures = importlib.import_module(prefix + "concurrent.futures")
    if implementation == "raddle" and stock.Future is not futures.Future:
        rebind(modules, futures)
    lend_children(modules, prelude_of(implementation))
    return [bind(guarded(suite, futures), **attributes_of(suite, futures)) for suite in classes]


def test_modules() -> list[ModuleType]:
    """``test.test_concurrent_futures``, and its parts where it is a package."""
    # Else each test prints how long it took.
    importlib.import_module("test.support").verbose = 0
    package = importlib.import_module("test.test_concurrent_futures")
    parts = sorted(Path(package.__file__).parent.glob("*.py")) if hasattr(package, "__path__") else []
    names = [path.stem for path in parts if path.stem not in ("__init__", "__main__")]
    return [package, *[importlib.import_module(f"{package.__name__}.{name}") for name in names]]


def thread_side(modules: list[ModuleType]) -> list[type[unittest.TestCase]]:
    """The classes about futures, and those whose executor is a pool of threads."""
    found = {
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, unittest.TestCase)
        and (value.__name__ == "FutureTests" or getattr(value, "executor_type", None) is STOCK["ThreadPoolExecutor"])
    }
    return sorted(found, key=lambda suite: suite.__name__)


def rebind(modules: list[ModuleType], futures: ModuleType) -> None:
    """Puts raddle's names in the place of the standard library's in the tests' modules."""
    ours = {id(STOCK[name]): getattr(futures, name) for name in STOCK} | {id(stock): futures}
    remade: dict[int, Any] = {}
    for module in modules:
        for name, value in list(vars(module).items()):
            if id(value) in ours:
                setattr(module, name, ours[id(value)])
            elif isinstance(value, STOCK["Future"]):
                remade.setdefault(id(value), future_in_state(futures, value._state, value._exception, value._result))
                setattr(module, name, remade[id(value)])
            elif name == "create_future":
                setattr(module, name, lambda state="PENDING", **ends: future_in_state(futures, state, **ends))
    assert len(remade) == 6, remade


def future_in_state(futures: ModuleType, state: str, exception: Any = None, result: Any = None) -> Any:
    """A future that public calls have brought into a state."""
    future = futures.Future()
    if state in ("CANCELLED", "CANCELLED_AND_NOTIFIED"):
        assert future.cancel()
    if state in ("RUNNING", "CANCELLED_AND_NOTIFIED"):
        assert future.set_running_or_notify_cancel() == (state == "RUNNING")
    if state == "FINISHED" and exception is not None:
        future.set_exception(exception)
    elif state == "FINISHED":
        future.set_result(result)
    assert future._state == state, future
    return future


def attributes_of(suite: type[unittest.TestCase], futures: ModuleType) -> dict[str, Any]:
    """The class attributes by which a suite is bound."""
    return {"executor_type": futures.ThreadPoolExecutor} if hasattr(suite, "executor_type") else {}


def guarded(suite: type[unittest.TestCase], futures: ModuleType) -> type[unittest.TestCase]:
    """A class whose tests fail when what they use is not of the bound classes."""
    used = sys.modules[suite.__module__]

    class Guarded(suite):  # type: ignore[valid-type, misc]
        def setUp(self) -> None:
            super().setUp()
            for module in (used, getattr(used, "futures", used)):
                for name in STOCK.keys() & vars(module).keys():
                    assert getattr(module, name) is getattr(futures, name), (module, name)
            if hasattr(suite, "executor_type"):
                assert type(self.executor) is futures.ThreadPoolExecutor, type(self.executor).__mro__

    Guarded.__name__ = suite.__name__
    return Guarded


def prelude_of(implementation: str) -> str:
    """What a child process of a test runs first."""
    if implementation == "stock":
        return testpackage.path_prelude()
    return testpackage.path_prelude() + CHILD_PRELUDE


# The tests of the interpreter's exit happen in children: there raddle is installed as a program would.
CHILD_PRELUDE = """\
import raddle; raddle.install()
import concurrent.futures, raddle._native
assert issubclass(concurrent.futures.Future, raddle._native.Future)
assert issubclass(concurrent.futures.ThreadPoolExecutor, raddle._native.ThreadPoolExecutor)
"""


def lend_children(modules: list[ModuleType], prelude: str) -> None:
    """Has the tests' children run ``prelude`` before their program."""
    for module in modules:
        original = getattr(module, "assert_python_ok", None)
        if original is not None:
            module.assert_python_ok = with_prelude(original, prelude)


def with_prelude(original: Callable[..., Any], prelude: str) -> Callable[..., Any]:
    """``assert_python_ok`` with a prelude before the program."""

    def assert_python_ok(option: str, program: str, **options: Any) -> Any:
        assert option == "-c", option
        return original(option, prelude + program, **options)

    return assert_python_ok


def assert_futures_are_ours() -> None:
    """Fails unless the futures and the pool under test stand on native ones."""
    native: Any = importlib.import_module("raddle._native")
    futures: Any = importlib.import_module("raddle.concurrent.futures")
    assert native.__file__.endswith((".so", ".pyd")), native.__file__
    assert issubclass(futures.Future, native.Future), futures.Future.__mro__
    with futures.ThreadPoolExecutor(1) as pool:
        assert isinstance(pool, native.ThreadPoolExecutor), type(pool).__mro__
        future = pool.submit(int)
        assert type(future) is futures.Future, type(future)
        assert future.result() == 0
