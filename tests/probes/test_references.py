"""No reference to an item, an exception, a lock or a callable outlives its use, and cycles are collected."""

from __future__ import annotations

import contextlib
import gc
import queue as stock_queue
import sys
import threading as stock_threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import ChildRunner, Implementation


class Item:
    """Something that can be weakly referenced, and has a place in any order."""

    def __lt__(self, other: Item) -> bool:
        return id(self) < id(other)


class ItemError(Exception):
    """An exception that can be weakly referenced."""


KINDS = pytest.mark.parametrize("kind", ["Queue", "LifoQueue", "PriorityQueue", "SimpleQueue"])


@KINDS
def test_got_item_is_released(implementation: Implementation, kind: str) -> None:
    """A queue forgets an item that was got."""
    subject = getattr(implementation.queue, kind)()
    for get in (subject.get, subject.get_nowait, lambda: subject.get(timeout=1.0)):
        item = Item()
        alive = weakref.ref(item)
        subject.put(item)
        del item
        assert alive() is not None
        assert get() is alive()
        gc.collect()
        assert alive() is None


@KINDS
def test_queue_releases_items_when_it_goes(implementation: Implementation, kind: str) -> None:
    """A queue that is dropped drops its items."""
    subject = getattr(implementation.queue, kind)()
    items = [Item() for _ in range(10)]
    alive = [weakref.ref(item) for item in items]
    for item in items:
        subject.put(item)
    del item, items, subject
    gc.collect()
    assert [reference() for reference in alive] == [None] * 10


def test_item_that_found_no_place_is_released(implementation: Implementation) -> None:
    """A put that fails keeps nothing."""
    subject = implementation.queue.Queue(1)
    subject.put("first")
    for options in ({"block": False}, {"timeout": 0.001}):
        item = Item()
        alive = weakref.ref(item)
        with pytest.raises(implementation.queue.Full):
            subject.put(item, **options)
        del item
        gc.collect()
        assert alive() is None


@KINDS
def test_item_handed_to_a_blocked_getter_is_released(
    implementation: Implementation, wait_until_blocked: Callable[..., None], kind: str
) -> None:
    """An item that goes straight to a waiting thread is forgotten as well."""
    subject = getattr(implementation.queue, kind)()
    results: list[int] = []
    thread = stock_threading.Thread(target=lambda: results.append(id(subject.get())), daemon=True)
    thread.start()
    wait_until_blocked([thread], implementation)
    item = Item()
    alive, identity = weakref.ref(item), id(item)
    subject.put(item)
    del item
    thread.join(30.0)
    assert results == [identity]
    gc.collect()
    assert alive() is None


def test_item_of_a_blocked_putter_is_released(
    implementation: Implementation, wait_until_blocked: Callable[..., None]
) -> None:
    """An item whose thread waited for a place is forgotten when it is got."""
    subject = implementation.queue.Queue(1)
    subject.put("first")
    item = Item()
    alive = weakref.ref(item)
    thread = stock_threading.Thread(target=subject.put, args=(item,), daemon=True)
    thread.start()
    del item
    wait_until_blocked([thread], implementation)
    assert subject.get() == "first"
    assert subject.get(timeout=30.0) is alive()
    thread.join(30.0)
    del thread
    gc.collect()
    assert alive() is None


def test_dropped_by_shutdown_is_released(implementation: Implementation) -> None:
    """An immediate shutdown forgets the items."""
    subject = implementation.queue.Queue()
    item = Item()
    alive = weakref.ref(item)
    subject.put(item)
    del item
    if not hasattr(stock_queue.Queue, "shutdown"):
        assert not hasattr(subject, "shutdown")
        subject.get()
    else:
        subject.shutdown(immediate=True)
    gc.collect()
    assert alive() is None


@pytest.mark.parametrize("name", ["Condition", "Semaphore", "BoundedSemaphore", "Event", "Lock", "RLock"])
def test_object_is_released_after_use(implementation: Implementation, name: str) -> None:
    """Waits that time out leave no reference to the object."""
    subject = getattr(implementation.threading, name)()
    alive = weakref.ref(subject)
    use(subject)
    del subject
    gc.collect()
    assert alive() is None


def use(subject: Any) -> None:
    """Takes an object, waits for it until a timeout, gives it back."""
    if hasattr(subject, "set"):
        assert not subject.wait(0.001)
        subject.set()
        assert subject.wait()
        return
    subject.acquire()
    if hasattr(subject, "notify"):
        assert not subject.wait(0.001)
        subject.notify_all()
    elif not hasattr(subject, "_is_owned"):
        assert not subject.acquire(True, 0.001)
    subject.release()


def test_exception_in_with_is_released(implementation: Implementation) -> None:
    """The exception that leaves a ``with`` block is not kept by the object."""
    for name in ("Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore"):
        subject = getattr(implementation.threading, name)()
        error = ItemError("in the block")
        alive = weakref.ref(error)
        with contextlib.suppress(ItemError), subject:
            raise error
        del error
        gc.collect()
        assert alive() is None, name


def test_exception_of_action_is_released(implementation: Implementation) -> None:
    """The exception of a barrier's action is not kept by the barrier."""
    errors: list[weakref.ref[ItemError]] = []

    def action() -> None:
        error = ItemError("from the action")
        errors.append(weakref.ref(error))
        raise error

    barrier = implementation.threading.Barrier(1, action=action)
    with pytest.raises(ItemError):
        barrier.wait()
    gc.collect()
    assert errors[0]() is None
    assert barrier.broken


def test_action_and_lock_are_released_with_their_owner(implementation: Implementation) -> None:
    """A barrier's action and a condition's lock go with the object that refers to them."""

    class Action:
        def __call__(self) -> None:
            pass

    action = Action()
    alive = weakref.ref(action)
    barrier = implementation.threading.Barrier(1, action)
    del action
    gc.collect()
    assert barrier.wait() == 0
    assert alive() is not None
    del barrier
    gc.collect()
    assert alive() is None

    lock = implementation.threading.Lock()
    alive_lock = weakref.ref(lock)
    condition = implementation.threading.Condition(lock)
    del lock
    gc.collect()
    assert alive_lock() is not None
    del condition
    gc.collect()
    assert alive_lock() is None


def test_reference_counts_do_not_drift(implementation: Implementation) -> None:
    """A thousand calls leave the counts of their arguments as they were."""
    timeout, item = float("0.0001"), Item()
    threading, queue = implementation.threading, implementation.queue
    event, semaphore, condition = threading.Event(), threading.Semaphore(0), threading.Condition()
    lock, items, full = threading.Lock(), queue.Queue(), queue.Queue(1)
    lock.acquire()
    full.put(None)
    arguments = [timeout, item, lock, event, semaphore, condition, items, full]

    def call() -> None:
        event.wait(timeout)
        semaphore.acquire(True, timeout)
        semaphore.acquire(timeout=timeout)
        lock.acquire(True, timeout)
        with condition:
            condition.wait(timeout)
        with contextlib.suppress(queue.Empty):
            items.get(True, timeout)
        with contextlib.suppress(queue.Full):
            full.put(item, True, timeout)
        items.put(item)
        items.get()
        items.task_done()

    call()
    before = [sys.getrefcount(argument) for argument in arguments]
    for _ in range(100):
        call()
    gc.collect()
    assert [sys.getrefcount(argument) for argument in arguments] == before


@pytest.mark.parametrize("kind", ["Queue", "LifoQueue", "SimpleQueue"])
def test_queue_that_holds_itself_is_collected(implementation: Implementation, kind: str) -> None:
    """A queue among its own items."""
    subject = getattr(implementation.queue, kind)()
    alive = weakref.ref(subject)
    subject.put(subject)
    subject.put([subject])
    del subject
    gc.collect()
    assert alive() is None


def test_opened_queue_that_holds_itself_is_collected(implementation: Implementation) -> None:
    """The same after a program has reached into the queue."""
    subject = implementation.queue.Queue()
    alive = weakref.ref(subject)
    with subject.mutex:
        subject.queue.append(subject)
    subject.put(subject.not_empty)
    del subject
    gc.collect()
    assert alive() is None


def test_two_queues_that_hold_each_other_are_collected(implementation: Implementation) -> None:
    """A cycle through two queues and an object."""
    first, second, item = implementation.queue.Queue(), implementation.queue.Queue(), Item()
    item.back = first  # type: ignore[attr-defined]
    alive = [weakref.ref(each) for each in (first, second, item)]
    first.put(second)
    second.put(item)
    del first, second, item
    gc.collect()
    assert [reference() for reference in alive] == [None] * 3


@pytest.mark.parametrize("name", ["Event", "Condition", "Semaphore", "BoundedSemaphore"])
def test_object_with_itself_as_attribute_is_collected(implementation: Implementation, name: str) -> None:
    """A cycle through an attribute."""
    subject = getattr(implementation.threading, name)()
    subject.itself = subject
    alive = weakref.ref(subject)
    del subject
    gc.collect()
    assert alive() is None


def test_event_opened_and_in_a_cycle_is_collected(implementation: Implementation) -> None:
    """An event whose private condition was looked at."""
    subject = implementation.threading.Event()
    subject._cond.owner = subject
    alive = weakref.ref(subject)
    del subject
    gc.collect()
    assert alive() is None


def test_condition_in_a_cycle_with_its_lock_is_collected(implementation: Implementation) -> None:
    """A condition whose Python-made lock refers to it."""

    class PythonLock:
        def __init__(self) -> None:
            self.inner = implementation.threading.Lock()
            self.acquire = self.inner.acquire
            self.release = self.inner.release
            self.locked = self.inner.locked
            self.back: Any = None

        def __enter__(self) -> bool:
            return self.acquire()

        def __exit__(self, *details: object) -> None:
            self.release()

    lock = PythonLock()
    subject = implementation.threading.Condition(lock)
    lock.back = subject
    with subject:
        subject.notify_all()
        assert not subject.wait(0.001)
    alive = [weakref.ref(subject), weakref.ref(lock)]
    del subject, lock
    gc.collect()
    assert [reference() for reference in alive] == [None] * 2


def test_rlock_subclass_in_a_cycle_is_collected(implementation: Implementation) -> None:
    """An instance of a subclass of the RLock type that refers to itself."""
    kind = type(implementation.threading.RLock())

    class Subclass(kind):  # type: ignore[misc, valid-type]
        pass

    subject = Subclass()
    subject.itself = subject
    alive = weakref.ref(subject)
    with subject:
        pass
    del subject
    gc.collect()
    assert alive() is None


def test_barrier_in_a_cycle_with_its_action_is_collected(implementation: Implementation) -> None:
    """A barrier whose action is a method of its owner."""

    class Owner:
        def __init__(self) -> None:
            self.barrier = implementation.threading.Barrier(1, action=self.act)
            self.acted = 0

        def act(self) -> None:
            self.acted += 1

    owner = Owner()
    owner.barrier.wait()
    assert owner.acted == 1
    alive = [weakref.ref(owner), weakref.ref(owner.barrier)]
    del owner
    gc.collect()
    assert [reference() for reference in alive] == [None] * 2


def test_collector_spares_what_a_thread_waits_in(
    implementation: Implementation, wait_until_blocked: Callable[..., None]
) -> None:
    """Objects that only a blocked thread refers to live on, and still work after many collections."""
    threading, queue = implementation.threading, implementation.queue
    references: dict[str, weakref.ref[Any]] = {}
    results: dict[str, Any] = {}

    def wait_in_event() -> None:
        event = threading.Event()
        event.itself = event
        references["event"] = weakref.ref(event)
        results["event"] = event.wait(60.0)

    def wait_in_queue() -> None:
        items = queue.Queue()
        items.put(items)
        items.get()
        references["queue"] = weakref.ref(items)
        results["queue"] = items.get(timeout=60.0)

    def wait_in_condition() -> None:
        condition = threading.Condition()
        condition.itself = condition
        references["condition"] = weakref.ref(condition)
        with condition:
            results["condition"] = condition.wait(60.0)

    threads = [
        stock_threading.Thread(target=target, daemon=True)
        for target in (wait_in_event, wait_in_queue, wait_in_condition)
    ]
    for thread in threads:
        thread.start()
    wait_until_blocked(threads, implementation)
    for _ in range(20):
        gc.collect()
    references["event"]().set()  # type: ignore[union-attr]
    references["queue"]().put("item")  # type: ignore[union-attr]
    condition = references["condition"]()
    assert condition is not None
    with condition:
        condition.notify()
    for thread in threads:
        thread.join(30.0)
    assert results == {"event": True, "queue": "item", "condition": True}
    del condition
    gc.collect()
    assert [reference() for reference in references.values()] == [None] * 3


def test_memory_does_not_grow(child: ChildRunner, report_figure: Callable[[str], None]) -> None:
    """Making, using and dropping objects again and again needs no more memory than doing it a few times."""
    result = child("memory.py")
    assert result.returncode == 0, result.describe()
    assert result.stderr == "", result.describe()
    for line in result.stdout.splitlines():
        report_figure(f"memory  {child.implementation:7} {line}")
