"""`raddle.threading` and `raddle.queue` are the standard library's modules with raddle's classes in them."""

from __future__ import annotations

import importlib
import inspect
import queue as stock_queue
import sys
import threading as stock_threading
import warnings
from types import ModuleType
from unittest import mock

import pytest

from raddle import _native

# As modules, not as what a type checker knows of them: their names are looked up one by one.
our_threading = importlib.import_module("raddle.threading")
our_queue = importlib.import_module("raddle.queue")

OURS = {
    "threading": {"Lock", "RLock", "Condition", "Event", "Semaphore", "BoundedSemaphore", "Barrier"},
    "queue": {"Queue", "LifoQueue", "PriorityQueue", "SimpleQueue"},
}

# The standard library's are not written in Python: no class can be a subclass of theirs and of ours.
NATIVE_THERE_TOO = {"Lock", "RLock", "SimpleQueue"}

PAIRS = pytest.mark.parametrize(
    ("ours", "stock"),
    [(our_threading, stock_threading), (our_queue, stock_queue)],
    ids=["threading", "queue"],
)


@PAIRS
def test_every_public_name_is_there(ours: ModuleType, stock: ModuleType) -> None:
    assert ours.__all__ == stock.__all__
    for name in stock.__all__:
        if name in OURS[stock.__name__]:
            assert getattr(ours, name) is not getattr(stock, name), name
        else:
            assert getattr(ours, name) is getattr(stock, name), name
    assert set(dir(stock)) <= set(dir(ours))


@PAIRS
def test_star_import(ours: ModuleType, stock: ModuleType) -> None:
    namespace: dict[str, object] = {}
    exec(f"from {ours.__name__} import *", namespace)
    assert set(stock.__all__) <= set(namespace)
    for name in stock.__all__:
        assert namespace[name] is getattr(ours, name), name


@PAIRS
def test_our_classes_bear_the_names_of_the_stock_ones(ours: ModuleType, stock: ModuleType) -> None:
    for name in OURS[stock.__name__]:
        mine, theirs = getattr(ours, name), getattr(stock, name)
        assert (mine.__module__, mine.__qualname__) == (theirs.__module__, theirs.__qualname__), name


@PAIRS
def test_our_classes_are_subclasses_of_the_stock_ones(ours: ModuleType, stock: ModuleType) -> None:
    for name in OURS[stock.__name__] - NATIVE_THERE_TOO:
        assert issubclass(getattr(ours, name), getattr(stock, name)), name


@PAIRS
def test_our_methods_take_what_the_stock_ones_take(ours: ModuleType, stock: ModuleType) -> None:
    for class_name in sorted(OURS[stock.__name__] - NATIVE_THERE_TOO):
        mine, theirs = getattr(ours, class_name), getattr(stock, class_name)
        for name, function in vars(theirs).items():
            if callable(function) and not name.startswith("_"):
                expected = list(inspect.signature(function).parameters.values())
                actual = list(inspect.signature(getattr(mine, name)).parameters.values())
                assert [(one.name, one.default) for one in actual] == [(one.name, one.default) for one in expected], (
                    f"{class_name}.{name}"
                )


def test_the_classes_are_native() -> None:
    assert isinstance(our_threading.Lock(), _native.lock)
    assert isinstance(our_threading.RLock(), _native.RLock)
    for name in ("Condition", "Event", "Semaphore", "BoundedSemaphore"):
        assert isinstance(getattr(our_threading, name)(), getattr(_native, name)), name
    assert isinstance(our_threading.Barrier(1), _native.Barrier)
    for name in ("Queue", "LifoQueue", "PriorityQueue"):
        assert isinstance(getattr(our_queue, name)(), _native.Queue), name
    assert isinstance(our_queue.SimpleQueue(), _native.SimpleQueue)
    for made in (our_queue.LifoQueue(), our_queue.PriorityQueue()):
        assert isinstance(made.mutex, _native.lock)
        assert isinstance(made.not_empty, _native.Condition)


def test_a_queue_of_each_order_keeps_it() -> None:
    for made, expected in (
        (our_queue.Queue(), [2, 3, 1]),
        (our_queue.LifoQueue(), [1, 3, 2]),
        (our_queue.PriorityQueue(), [1, 2, 3]),
        (our_queue.SimpleQueue(), [2, 3, 1]),
    ):
        for item in (2, 3, 1):
            made.put(item)
        assert [made.get() for _ in range(3)] == expected
        if made.__class__ is our_queue.SimpleQueue:
            continue
        for _ in range(3):
            made.task_done()
        made.join()
        assert made.unfinished_tasks == 0


def test_subscripted_queues() -> None:
    assert our_queue.Queue[int].__origin__ is our_queue.Queue
    assert our_queue.LifoQueue[int].__origin__ is our_queue.LifoQueue
    assert our_queue.SimpleQueue[int].__origin__ is our_queue.SimpleQueue


def test_a_hook_that_is_set_here_is_the_stock_module_s(monkeypatch: pytest.MonkeyPatch) -> None:
    hook = stock_threading.excepthook
    caught: list[object] = []
    monkeypatch.setattr(our_threading, "excepthook", lambda arguments: caught.append(arguments.exc_type))
    assert stock_threading.excepthook is our_threading.excepthook
    thread = our_threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    assert caught == [ZeroDivisionError]
    monkeypatch.undo()
    assert stock_threading.excepthook is our_threading.excepthook is hook


def test_patching_undoes_itself() -> None:
    thread, event = stock_threading.Thread, our_threading.Event
    with mock.patch.object(our_threading, "Thread", "patched"), mock.patch.object(our_threading, "Event", "patched"):
        assert vars(stock_threading)["Thread"] == "patched"
        assert our_threading.Event == "patched"
        assert stock_threading.Event is not our_threading.Event
    assert stock_threading.Thread is our_threading.Thread is thread
    assert our_threading.Event is event


def test_a_name_of_neither_module() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        getattr(our_threading, "nonsense")  # noqa: B009
    with pytest.raises(ImportError, match="nonsense"):
        exec("from raddle.threading import nonsense", {})
    setattr(our_threading, "nonsense", 1)  # noqa: B010
    assert not hasattr(stock_threading, "nonsense")
    del our_threading.nonsense
    assert not hasattr(our_threading, "nonsense")


@PAIRS
def test_the_module_is_itself(ours: ModuleType, stock: ModuleType) -> None:
    assert ours.__name__ == f"raddle.{stock.__name__}"
    assert ours.__file__ != stock.__file__
    assert ours.__spec__ is not None
    assert ours.__spec__.name == ours.__name__
    assert importlib.import_module(ours.__name__) is ours
    assert inspect.getdoc(ours) != inspect.getdoc(stock)


def test_arguments_of_rlock_are_deprecated_as_in_the_stock_module() -> None:
    def category(make: object) -> list[type[Warning]]:
        assert callable(make)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            make(1, key=2)
        assert all(warning.filename == __file__ for warning in caught)
        return [warning.category for warning in caught]

    expected = [DeprecationWarning] if sys.version_info >= (3, 13) else []
    assert category(our_threading.RLock) == category(stock_threading.RLock) == expected
