"""Queue: arguments, errors and looks, and what programs do to its insides, compared with the standard library."""

from __future__ import annotations

import collections
import copy
import pickle
import queue as stock_queue
import threading as stock_threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Implementation

# Each works on a queue with room for two that holds "a".
ON_HALF_FULL: dict[str, Callable[[Any], Any]] = {
    "put": lambda q: (q.put("b"), q.qsize()),
    "put()": lambda q: q.put(),
    "put(item=)": lambda q: (q.put(item="b"), q.get(), q.get()),
    "put(4)": lambda q: q.put("b", True, None, 1),
    "put(wrong=1)": lambda q: q.put("b", wrong=1),
    "put, block=0": lambda q: (q.put("b", block=0), q.qsize()),
    "put, False": lambda q: (q.put("b", False), q.qsize()),
    "put, timeout=-1": lambda q: q.put("b", timeout=-1),
    "put, False, -1": lambda q: (q.put("b", False, -1), q.qsize()),
    "put, timeout=0": lambda q: (q.put("b", timeout=0), q.qsize()),
    "put, timeout=None": lambda q: (q.put("b", timeout=None), q.qsize()),
    "put None": lambda q: (q.put(None), q.get(), q.get()),
    "put_nowait": lambda q: (q.put_nowait("b"), q.qsize()),
    "put_nowait()": lambda q: q.put_nowait(),
    "get": lambda q: q.get(),
    "get(False)": lambda q: q.get(False),
    "get(0)": lambda q: q.get(0),
    "get(block=0)": lambda q: q.get(block=0),
    "get(True, None)": lambda q: q.get(True, None),
    "get(timeout=0)": lambda q: q.get(timeout=0),
    "get(timeout=1)": lambda q: q.get(timeout=1),
    "get(timeout=-1)": lambda q: q.get(timeout=-1),
    "get(False, -1)": lambda q: q.get(False, -1),
    "get(1, 2, 3)": lambda q: q.get(1, 2, 3),
    "get(wrong=1)": lambda q: q.get(wrong=1),
    "get_nowait": lambda q: q.get_nowait(),
    "get_nowait(1)": lambda q: q.get_nowait(1),
    "qsize": lambda q: q.qsize(),
    "qsize(1)": lambda q: q.qsize(1),
    "empty": lambda q: q.empty(),
    "full": lambda q: q.full(),
    "maxsize": lambda q: q.maxsize,
    "unfinished_tasks": lambda q: q.unfinished_tasks,
    "task_done": lambda q: (q.task_done(), q.unfinished_tasks, q.join()),
    "task_done twice": lambda q: (q.task_done(), q.task_done()),
    "task_done(1)": lambda q: q.task_done(1),
    "join(1)": lambda q: q.join(1),
    "len": len,
    "iter": iter,
    "bool": bool,
    "repr": repr,
    "hash": lambda q: type(hash(q)),
    "new attribute": lambda q: setattr(q, "attribute", 1),
    "pickle": pickle.dumps,
    "deepcopy": copy.deepcopy,
    "is_shutdown": lambda q: q.is_shutdown,
    "shutdown": lambda q: (q.shutdown(), q.is_shutdown, q.get(), q.qsize()),
    "shutdown(immediate=1)": lambda q: (q.shutdown(immediate=1), q.qsize(), q.unfinished_tasks),
    "shutdown, put": lambda q: (q.shutdown(), q.put("b")),
    "shutdown, get, get": lambda q: (q.shutdown(), q.get(), q.get()),
    "shutdown, get, get(False)": lambda q: (q.shutdown(), q.get(), q.get(False)),
    "shutdown(1, 2)": lambda q: q.shutdown(1, 2),
    "mutex": lambda q: (q.mutex.acquire(False), q.mutex.locked()),
    "queue": lambda q: list(q.queue),
    "queue.append": lambda q: (q.queue.append("b"), q.get(), q.get(), q.qsize()),
    "queue.clear": lambda q: (q.queue.clear(), q.qsize(), q.empty()),
    "queue =": lambda q: (setattr(q, "queue", collections.deque("xyz")), q.get(), q.qsize()),
    "queue = list": lambda q: setattr(q, "queue", collections.deque()) or q.empty(),
    "conditions share the mutex": lambda q: (
        {id(c._lock) for c in (q.not_empty, q.not_full, q.all_tasks_done)} == {id(q.mutex)}
    ),
    "clear by hand": lambda q: clear_by_hand(q),
    "maxsize =": lambda q: (setattr(q, "maxsize", 1), q.full(), q.put("b", False)),
    "maxsize = 0": lambda q: (setattr(q, "maxsize", 0), [q.put(n) for n in range(9)], q.full()),
    "unfinished_tasks =": lambda q: (setattr(q, "unfinished_tasks", 0), q.join()),
    "_qsize": lambda q: q._qsize(),
    "_get": lambda q: (q._get(), q.qsize()),
    "_put": lambda q: (q._put("b"), q.qsize(), q.unfinished_tasks),
    "_init": lambda q: (q._init(2), q.qsize()),
    "__init__ again": lambda q: (q.put("b"), q.__init__(3), q.qsize(), q.maxsize, q.unfinished_tasks),
    "__init__ again, after mutex": lambda q: (q.mutex, q.__init__(3), q.qsize(), q.maxsize, q.put("b"), q.get())[2:],
    "in order": lambda q: (setattr(q, "maxsize", 0), [q.put(n) for n in "dbc"], [q.get() for _ in range(4)]),
    "in order, after mutex": lambda q: (
        setattr(q, "maxsize", 0),
        [q.put(n) for n in "dbc"],
        q.mutex,
        list(q.queue),
        [q.get() for _ in range(4)],
    )[3:],
    "in order, mutex between": lambda q: (
        setattr(q, "maxsize", 0),
        [q.put(n) for n in "dbc"],
        q.get(),
        q.mutex,
        q.put("e"),
        [q.get() for _ in "123"],
    )[5],
}

# Each works on an empty queue with room for one.
ON_EMPTY: dict[str, Callable[[Any], Any]] = {
    "get(False)": lambda q: q.get(False),
    "get_nowait": lambda q: q.get_nowait(),
    "get(timeout=0)": lambda q: q.get(timeout=0),
    "get(timeout=0.001)": lambda q: q.get(timeout=0.001),
    "get(True, 0.001)": lambda q: q.get(True, 0.001),
    "get(timeout=-1)": lambda q: q.get(timeout=-1),
    "get(False, -1)": lambda q: q.get(False, -1),
    "get(timeout='1')": lambda q: q.get(timeout="1"),
    "get(timeout=[])": lambda q: q.get(timeout=[]),
    "get(timeout=1e100)": lambda q: q.get(timeout=1e100),
    "get(timeout=inf)": lambda q: q.get(timeout=float("inf")),
    "get(timeout=-inf)": lambda q: q.get(timeout=float("-inf")),
    "join": lambda q: q.join(),
    "task_done": lambda q: q.task_done(),
    "qsize, empty, full": lambda q: (q.qsize(), q.empty(), q.full()),
}

# Each works on a full queue with room for one.
ON_FULL: dict[str, Callable[[Any], Any]] = {
    "put(False)": lambda q: q.put("b", False),
    "put_nowait": lambda q: q.put_nowait("b"),
    "put(timeout=0)": lambda q: q.put("b", timeout=0),
    "put(timeout=0.001)": lambda q: q.put("b", timeout=0.001),
    "put(timeout=-1)": lambda q: q.put("b", timeout=-1),
    "put(False, -1)": lambda q: q.put("b", False, -1),
    "put(timeout='1')": lambda q: q.put("b", timeout="1"),
    "put(timeout=1e100)": lambda q: q.put("b", timeout=1e100),
    "qsize, empty, full": lambda q: (q.qsize(), q.empty(), q.full()),
}

# Each works on the class.
ON_CLASS: dict[str, Callable[[Any], Any]] = {
    "()": lambda kind: (kind().maxsize, kind().full()),
    "(0)": lambda kind: (kind(0).maxsize, kind(0).full()),
    "(-1)": lambda kind: (kind(-1).maxsize, kind(-1).put(1), kind(-1).full()),
    "(True)": lambda kind: kind(True).put(1, False),
    "(maxsize=3)": lambda kind: kind(maxsize=3).maxsize,
    "(10**30)": lambda kind: (kind(10**30).maxsize, kind(10**30).put(1), kind(10**30).full()),
    "(1, 2)": lambda kind: kind(1, 2),
    "(wrong=1)": lambda kind: kind(wrong=1),
    "[int]": lambda kind: kind[int],
    "an unbounded put ignores its timeout": lambda kind: kind().put(1, True, -1),
}


def clear_by_hand(q: Any) -> Any:
    """What programs do to empty a queue."""
    with q.mutex:
        q.queue.clear()
        q.unfinished_tasks = 0
        q.all_tasks_done.notify_all()
        q.not_full.notify_all()
    q.join()
    q.put("new")
    return q.get(), q.qsize()


KINDS = pytest.mark.parametrize("kind", ["Queue", "LifoQueue", "PriorityQueue"])


@KINDS
@pytest.mark.parametrize("call", ON_HALF_FULL)
def test_on_half_full(call: str, kind: str, same_as_stock: Callable[..., None]) -> None:
    def use(implementation: Implementation) -> Any:
        q = getattr(implementation.queue, kind)(2)
        assert q.put("a") is None
        return ON_HALF_FULL[call](q)

    same_as_stock(use)


@KINDS
@pytest.mark.parametrize("call", ON_EMPTY)
def test_on_empty(call: str, kind: str, same_as_stock: Callable[..., None]) -> None:
    same_as_stock(lambda implementation: ON_EMPTY[call](getattr(implementation.queue, kind)(1)))


@KINDS
@pytest.mark.parametrize("call", ON_FULL)
def test_on_full(call: str, kind: str, same_as_stock: Callable[..., None]) -> None:
    def use(implementation: Implementation) -> Any:
        q = getattr(implementation.queue, kind)(1)
        q.put("a")
        return ON_FULL[call](q)

    same_as_stock(use)


@KINDS
@pytest.mark.parametrize("call", ON_CLASS)
def test_on_class(call: str, kind: str, same_as_stock: Callable[..., None]) -> None:
    same_as_stock(lambda implementation: ON_CLASS[call](getattr(implementation.queue, kind)))


@KINDS
def test_surface(kind: str, same_surface: Callable[..., None]) -> None:
    same_surface(lambda implementation: getattr(implementation.queue, kind)())


@KINDS
def test_is_a_stock_queue(kind: str, implementation: Implementation) -> None:
    assert isinstance(getattr(implementation.queue, kind)(), getattr(stock_queue, kind))
    assert isinstance(getattr(implementation.queue, kind)(), implementation.queue.Queue)


def test_exceptions_are_the_stock_ones(implementation: Implementation) -> None:
    for name in ("Empty", "Full", "ShutDown"):
        assert getattr(implementation.queue, name, None) is getattr(stock_queue, name, None)


def test_opened_queue_keeps_its_waiters(
    implementation: Implementation, wait_until_blocked: Callable[..., None]
) -> None:
    """Threads that were blocked before a program reached into the queue are served afterwards."""
    empty, full = implementation.queue.Queue(), implementation.queue.Queue(1)
    full.put("first")
    results: dict[str, Any] = {}
    threads = [
        stock_threading.Thread(target=lambda: results.update(got=empty.get()), daemon=True),
        stock_threading.Thread(target=lambda: results.update(put=full.put("second")), daemon=True),
        stock_threading.Thread(target=lambda: results.update(joined=full.join()), daemon=True),
    ]
    for thread in threads:
        thread.start()
    wait_until_blocked(threads, implementation)
    with empty.mutex:
        empty.queue.append("item")
        empty.not_empty.notify()
    with full.mutex:
        assert full.queue.popleft() == "first"
        full.not_full.notify()
    for thread in threads[:2]:
        thread.join(30.0)
    with full.all_tasks_done:
        full.unfinished_tasks = 0
        full.all_tasks_done.notify_all()
    threads[2].join(30.0)
    assert results == {"got": "item", "put": None, "joined": None}
    assert list(full.queue) == ["second"]


def test_opened_queue_keeps_deadlines(implementation: Implementation, wait_until_blocked: Callable[..., None]) -> None:
    """A timeout that began before a program reached into the queue still ends the call."""
    q = implementation.queue.Queue()
    ended: list[type] = []

    def get() -> None:
        try:
            q.get(timeout=0.5)
        except Exception as error:
            ended.append(type(error))

    thread = stock_threading.Thread(target=get, daemon=True)
    thread.start()
    wait_until_blocked([thread], implementation)
    assert q.mutex.acquire(timeout=30.0)
    q.mutex.release()
    thread.join(30.0)
    assert ended == [stock_queue.Empty]


def test_raising_maxsize_lets_puts_in(implementation: Implementation, wait_until_blocked: Callable[..., None]) -> None:
    """As on stock a blocked put looks at the new size when it is woken, at the latest."""
    q = implementation.queue.Queue(1)
    q.put("a")
    thread = stock_threading.Thread(target=q.put, args=("b",), daemon=True)
    thread.start()
    wait_until_blocked([thread], implementation)
    q.maxsize = 3
    q.put("c")
    assert q.get() == "a"
    thread.join(30.0)
    assert {q.get(), q.get()} == {"b", "c"}


def test_lifo_hooks_are_called(implementation: Implementation) -> None:
    """A subclass may keep the items as the standard library's class does, and do something besides."""
    put: list[Any] = []

    class Noting(implementation.queue.LifoQueue):  # type: ignore[name-defined, misc]
        def _put(self, item: Any) -> None:
            put.append(item)
            super()._put(item)

    q = Noting()
    for item in "abc":
        q.put(item)
    assert put == ["a", "b", "c"]
    assert [q.get() for _ in range(3)] == ["c", "b", "a"]


def test_hooks_of_two_orders(implementation: Implementation) -> None:
    """The hooks of the first base count."""

    class Mixed(implementation.queue.PriorityQueue, implementation.queue.LifoQueue):  # type: ignore[name-defined, misc]
        pass

    q = Mixed()
    for item in "bac":
        q.put(item)
    assert [q.get() for _ in range(3)] == ["a", "b", "c"]


def test_subclass_with_hooks(implementation: Implementation) -> None:
    calls: list[str] = []

    class Hooked(implementation.queue.Queue):  # type: ignore[name-defined, misc]
        def _init(self, maxsize: int) -> None:
            calls.append(f"init {maxsize}")
            self.items: set[Any] = set()

        def _qsize(self) -> int:
            return len(self.items)

        def _put(self, item: Any) -> None:
            calls.append("put")
            self.items.add(item)

        def _get(self) -> Any:
            calls.append("get")
            return self.items.pop()

    q = Hooked(2)
    q.put("a")
    q.put("a")
    assert q.qsize() == 1
    q.put("b")
    assert q.full()
    with pytest.raises(stock_queue.Full):
        q.put_nowait("c")
    assert {q.get(), q.get()} == {"a", "b"}
    assert q.empty()
    assert calls == ["init 2", "put", "put", "put", "get", "get"]


def test_subclass_with_methods(implementation: Implementation) -> None:
    class Counting(implementation.queue.Queue):  # type: ignore[name-defined, misc]
        def __init__(self, name: str) -> None:
            super().__init__(5)
            self.name = name
            self.puts = 0

        def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
            self.puts += 1
            super().put(item, block, timeout)

    q = Counting("name")
    q.put("a")
    q.put_nowait("b")
    assert q.puts == 2
    assert (q.get(), q.get(), q.name, q.maxsize) == ("a", "b", "name", 5)


def test_a_failing_hook_leaves_the_queue_usable(implementation: Implementation) -> None:
    class Failing(implementation.queue.Queue):  # type: ignore[name-defined, misc]
        def _put(self, item: Any) -> None:
            if item == "bad":
                raise LookupError(item)
            super()._put(item)

    q = Failing()
    with pytest.raises(LookupError):
        q.put("bad")
    assert q.unfinished_tasks == 0
    q.put("good")
    assert q.get(timeout=30.0) == "good"


def test_a_hook_set_on_the_instance_is_called(implementation: Implementation) -> None:
    """Hooks are found on the instance, as any attribute."""
    q = implementation.queue.Queue()
    q._put = lambda item: q.queue.append(item * 2)
    q.put("a")
    assert q.get() == "aa"


def test_weak_reference(implementation: Implementation) -> None:
    q = implementation.queue.Queue()
    reference = weakref.ref(q)
    assert reference() is q
