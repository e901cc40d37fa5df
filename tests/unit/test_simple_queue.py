"""SimpleQueue: arguments, errors and looks, compared with the standard library."""

from __future__ import annotations

import copy
import gc
import pickle
import queue as stock_queue
import sys
import threading as stock_threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Implementation


class NoTruth:
    """Has no truth value."""

    def __bool__(self) -> bool:
        raise LookupError("no truth value")


# Each works on a queue that holds "a".
ON_QUEUE: dict[str, Callable[[Any], Any]] = {
    "put": lambda q: (q.put("b"), q.qsize()),
    "put()": lambda q: q.put(),
    "put(item=)": lambda q: (q.put(item="b"), q.get(), q.get()),
    "put(4)": lambda q: q.put("b", True, None, 1),
    "put(wrong=1)": lambda q: q.put("b", wrong=1),
    "put twice the same": lambda q: q.put("b", item="c"),
    "put, False": lambda q: (q.put("b", False), q.qsize()),
    "put, timeout=-1": lambda q: (q.put("b", timeout=-1), q.qsize()),
    "put, timeout='x'": lambda q: (q.put("b", True, "x"), q.qsize()),
    "put, no truth value": lambda q: q.put("b", NoTruth()),
    "put None": lambda q: (q.put(None), q.get(), q.get()),
    "put_nowait": lambda q: (q.put_nowait("b"), q.qsize()),
    "put_nowait(item=)": lambda q: (q.put_nowait(item="b"), q.qsize()),
    "put_nowait()": lambda q: q.put_nowait(),
    "put_nowait(1, 2)": lambda q: q.put_nowait(1, 2),
    "get": lambda q: q.get(),
    "get(0)": lambda q: q.get(0),
    "get(block=0)": lambda q: q.get(block=0),
    "get(no truth value)": lambda q: q.get(NoTruth()),
    "get(True, None)": lambda q: q.get(True, None),
    "get(timeout=0)": lambda q: q.get(timeout=0),
    "get(timeout=1)": lambda q: q.get(timeout=1),
    "get(timeout=-1)": lambda q: q.get(timeout=-1),
    "get(False, -1)": lambda q: q.get(False, -1),
    "get(False, 'x')": lambda q: q.get(False, "x"),
    "get(timeout='x')": lambda q: q.get(timeout="x"),
    "get(timeout=1e100)": lambda q: q.get(timeout=1e100),
    "get(1, 2, 3)": lambda q: q.get(1, 2, 3),
    "get(wrong=1)": lambda q: q.get(wrong=1),
    "get_nowait": lambda q: q.get_nowait(),
    "get_nowait(1)": lambda q: q.get_nowait(1),
    "get, get(False)": lambda q: (q.get(), q.get(False)),
    "get, get_nowait": lambda q: (q.get(), q.get_nowait()),
    "get, get(timeout=0)": lambda q: (q.get(), q.get(timeout=0)),
    "get, get(True, 0.001)": lambda q: (q.get(), q.get(True, 0.001)),
    "get, get(False, -1)": lambda q: (q.get(), q.get(False, -1)),
    "get, get(timeout=nan)": lambda q: (q.get(), q.get(timeout=float("nan"))),
    "get, get(timeout=-inf)": lambda q: (q.get(), q.get(timeout=float("-inf"))),
    "empty": lambda q: (q.empty(), q.get(), q.empty()),
    "empty(1)": lambda q: q.empty(1),
    "qsize": lambda q: (q.qsize(), q.get(), q.qsize()),
    "qsize(1)": lambda q: q.qsize(1),
    "full": lambda q: q.full(),
    "task_done": lambda q: q.task_done(),
    "len": len,
    "iter": iter,
    "bool": bool,
    "repr": repr,
    "hash": lambda q: type(hash(q)),
    "new attribute": lambda q: setattr(q, "attribute", 1),
    "__dict__": vars,
    "pickle": pickle.dumps,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "in order": lambda q: ([q.put(n) for n in range(9)], [q.get() for _ in range(10)]),
}

# Each works on the class.
ON_CLASS: dict[str, Callable[[Any], Any]] = {
    "(1)": lambda kind: kind(1),
    "(wrong=1)": lambda kind: kind(wrong=1),
    "[int]": lambda kind: kind[int],
    "[int]()": lambda kind: kind[int]().qsize(),
    "repr": repr,
    "set an attribute": lambda kind: setattr(kind, "attribute", 1),
    "subclass(1)": lambda kind: type("Plain", (kind,), {})(1),
    "subclass()": lambda kind: type("Plain", (kind,), {})().qsize(),
    "get of another object": lambda kind: kind.get(stock_queue.Queue()),
    "put of another object": lambda kind: kind.put(object(), 1),
}


@pytest.mark.parametrize("call", ON_QUEUE)
def test_on_queue(call: str, same_as_stock: Callable[..., None]) -> None:
    def use(implementation: Implementation) -> Any:
        q = implementation.queue.SimpleQueue()
        assert q.put("a") is None
        return ON_QUEUE[call](q)

    same_as_stock(use)


@pytest.mark.parametrize("call", ON_CLASS)
def test_on_class(call: str, same_as_stock: Callable[..., None]) -> None:
    same_as_stock(lambda implementation: ON_CLASS[call](implementation.queue.SimpleQueue))


def test_surface(same_surface: Callable[..., None]) -> None:
    same_surface(lambda implementation: implementation.queue.SimpleQueue())


def test_the_error_is_the_stock_one(implementation: Implementation) -> None:
    with pytest.raises(stock_queue.Empty) as caught:
        implementation.queue.SimpleQueue().get_nowait()
    assert caught.value.args == ()


def test_subclass(implementation: Implementation) -> None:
    class Named(implementation.queue.SimpleQueue):  # type: ignore[name-defined, misc]
        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

        def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
            super().put((self.name, item), block, timeout)

    q = Named("name")
    q.put(1)
    # Nothing of the queue calls its other methods.
    q.put_nowait(2)
    assert (q.get(), q.get()) == (("name", 1), 2)


def test_blocked_getters_get_the_items_in_order(
    implementation: Implementation, wait_until_blocked: Callable[..., None]
) -> None:
    """Each blocked thread gets one item; which one only raddle promises: who came first gets the first."""
    q = implementation.queue.SimpleQueue()
    results: dict[int, Any] = {}
    threads = []
    for number in range(4):
        thread = stock_threading.Thread(target=lambda number=number: results.update({number: q.get()}), daemon=True)
        thread.start()
        threads.append(thread)
        wait_until_blocked(threads, implementation)
    for number in range(4):
        q.put(number)
    for thread in threads:
        thread.join(30.0)
    assert sorted(results.values()) == [0, 1, 2, 3]
    if implementation.is_ours:
        assert results == {0: 0, 1: 1, 2: 2, 3: 3}
    assert q.empty()


def test_a_getter_with_a_timeout_gets_an_item_in_time(
    implementation: Implementation, wait_until_blocked: Callable[..., None]
) -> None:
    q = implementation.queue.SimpleQueue()
    results: list[Any] = []
    thread = stock_threading.Thread(target=lambda: results.append(q.get(True, 60)), daemon=True)
    thread.start()
    wait_until_blocked([thread], implementation)
    q.put("item")
    thread.join(30.0)
    assert results == ["item"]


def test_weak_reference(implementation: Implementation) -> None:
    q = implementation.queue.SimpleQueue()
    reference = weakref.ref(q)
    assert reference() is q
    del q
    gc.collect()
    assert reference() is None


def test_reference_counts_do_not_drift(implementation: Implementation) -> None:
    q, item, timeout = implementation.queue.SimpleQueue(), object(), float("0.0001")

    def call() -> None:
        q.put(item)
        q.put(item, True, timeout)
        q.put_nowait(item=item)
        q.get()
        q.get(True, timeout)
        q.get_nowait()
        with pytest.raises(stock_queue.Empty):
            q.get(timeout=timeout)

    call()
    before = [sys.getrefcount(one) for one in (q, item, timeout)]
    for _ in range(100):
        call()
    gc.collect()
    assert [sys.getrefcount(one) for one in (q, item, timeout)] == before
