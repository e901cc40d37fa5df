"""No reference to a task, its arguments, its result or a callback outlives its use, and cycles are collected."""

from __future__ import annotations

import gc
import logging
import sys
import threading as stock_threading
import weakref
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import ChildRunner, Implementation

BLOCK = 30.0


class Item:
    """Something that can be weakly referenced and called."""

    def __call__(self, *arguments: Any, **keywords: Any) -> None:
        """Does nothing."""

    def method(self, *_: Any) -> None:
        """Does nothing."""


class ItemError(Exception):
    """An exception that can be weakly referenced."""


def released(alive: weakref.ref[Any]) -> bool:
    """Whether an object goes; a free-threaded build may need a moment of its owner's."""
    deadline = stock_threading.Event()
    for _ in range(300):
        gc.collect()
        if alive() is None:
            return True
        deadline.wait(0.1)
    return False


def submit_item(what: str, pool: Any) -> tuple[Any, weakref.ref[Any]]:
    """Submits a task that is made of an item, to which there is no other reference then."""
    item = Item()
    ways: dict[str, tuple[Any, ...]] = {"function": (item,), "method": (item.method,), "argument": (id, item)}
    future = pool.submit(dict, a=item) if what == "keyword" else pool.submit(*ways[what])
    return future, weakref.ref(item)


@pytest.mark.parametrize("what", ["function", "method", "argument", "keyword"])
def test_idle_worker_holds_nothing_of_its_task(what: str, implementation: Implementation) -> None:
    """What a task was made of goes when it has run, although worker and future live on."""
    with implementation.futures.ThreadPoolExecutor(1) as pool:
        future, alive = submit_item(what, pool)
        future.result(BLOCK)
        if what == "keyword":
            # Here the result holds it.
            assert alive() is not None
            del future
        assert released(alive)


def test_idle_worker_holds_no_result(implementation: Implementation) -> None:
    """A result goes with its future."""
    with implementation.futures.ThreadPoolExecutor(1) as pool:
        future = pool.submit(Item)
        alive = weakref.ref(future.result(BLOCK))
        assert alive() is not None
        del future
        assert released(alive)


def test_idle_worker_holds_no_exception(implementation: Implementation) -> None:
    """Nor does an exception live on, nor what its traceback refers to."""
    argument = Item()
    alive = weakref.ref(argument)

    def fail(_: Item) -> None:
        raise ItemError

    with implementation.futures.ThreadPoolExecutor(1) as pool:
        future = pool.submit(fail, argument)
        del argument
        error = weakref.ref(future.exception(BLOCK))
        assert error() is not None
        del future
        assert released(error)
        assert released(alive)


def test_idle_worker_holds_no_future(implementation: Implementation) -> None:
    """A future that nobody has goes when its task has run."""
    with implementation.futures.ThreadPoolExecutor(1) as pool:
        future = pool.submit(int)
        alive = weakref.ref(future)
        future.result(BLOCK)
        del future
        assert released(alive)


def test_cancelled_task_is_released(implementation: Implementation) -> None:
    """What a cancelled task was made of goes when a worker has passed over it."""
    go, argument = stock_threading.Event(), Item()
    alive = weakref.ref(argument)
    with implementation.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(go.wait, BLOCK)
        future = pool.submit(id, argument)
        del argument
        assert future.cancel()
        go.set()
        pool.submit(int).result(BLOCK)
        assert released(alive)


def test_tasks_cancelled_by_shutdown_are_released(implementation: Implementation) -> None:
    """The same for all that a shutdown takes out."""
    begun, go, items = stock_threading.Event(), stock_threading.Event(), [Item() for _ in range(5)]
    alive = [weakref.ref(item) for item in items]
    pool = implementation.futures.ThreadPoolExecutor(1)
    pool.submit(lambda: (begun.set(), go.wait(BLOCK)))
    assert begun.wait(BLOCK)
    futures = [pool.submit(id, item) for item in items]
    del items
    pool.shutdown(wait=False, cancel_futures=True)
    assert all(released(each) for each in alive)
    assert all(future.cancelled() for future in futures)
    go.set()
    pool.shutdown()


def test_refused_task_is_released(implementation: Implementation) -> None:
    """A pool that is shut down keeps nothing of what it refuses."""
    pool = implementation.futures.ThreadPoolExecutor(1)
    pool.shutdown()
    argument = Item()
    alive = weakref.ref(argument)
    with pytest.raises(RuntimeError):
        pool.submit(id, argument)
    del argument
    assert released(alive)


def test_initializer_goes_with_the_pool(implementation: Implementation) -> None:
    """The initializer and its arguments."""
    initializer, argument = Item(), Item()
    alive = [weakref.ref(initializer), weakref.ref(argument)]
    with implementation.futures.ThreadPoolExecutor(1, initializer=initializer, initargs=(argument,)) as pool:
        pool.submit(int).result(BLOCK)
    del initializer, argument, pool
    assert all(released(each) for each in alive)


@pytest.mark.parametrize("end", ["set_result", "set_exception", "cancel", "none"])
def test_callback_is_released(end: str, implementation: Implementation) -> None:
    """A callback goes with its future at the latest."""
    future = implementation.futures.Future()
    callback = Item()
    alive = weakref.ref(callback)
    future.add_done_callback(callback)
    del callback
    if end != "none":
        getattr(future, end)(*{"set_result": [1], "set_exception": [ItemError()], "cancel": []}[end])
    del future
    assert released(alive)


def test_callback_of_a_done_future_is_released(implementation: Implementation) -> None:
    """One that is called at once is not kept."""
    future = implementation.futures.Future()
    future.set_result(1)
    callback = Item()
    alive = weakref.ref(callback)
    future.add_done_callback(callback)
    del callback
    assert released(alive)
    assert future.done()


def test_failing_callback_leaves_nothing(implementation: Implementation, monkeypatch: pytest.MonkeyPatch) -> None:
    """The exception of a callback is logged and forgotten."""
    errors: list[weakref.ref[Any]] = []
    logged: list[str] = []

    def callback(_: Any) -> None:
        error = ItemError("from a callback")
        errors.append(weakref.ref(error))
        raise error

    # The test suite's own handlers would keep the record.
    logger = logging.getLogger("concurrent.futures")
    handler = logging.Handler()
    handler.emit = lambda record: logged.append(record.getMessage())
    monkeypatch.setattr(logger, "propagate", False)
    monkeypatch.setattr(logger, "handlers", [handler])
    future = implementation.futures.Future()
    future.add_done_callback(callback)
    future.set_result(1)
    assert [message.partition(" for ")[0] for message in logged] == ["exception calling callback"]
    assert released(errors[0])
    assert future.done()


@pytest.mark.parametrize("how", ["result", "exception", "wait", "as_completed", "timeout", "opened"])
def test_waiting_keeps_nothing(
    how: str, implementation: Implementation, wait_until_blocked: Callable[..., None]
) -> None:
    """After a thread has waited, only those who have the future and the result keep them."""
    future, item = implementation.futures.Future(), Item()
    alive = [weakref.ref(future), weakref.ref(item)]

    def wait(future: Any) -> None:
        if how == "wait":
            implementation.futures.wait([future])
        elif how == "as_completed":
            list(implementation.futures.as_completed([future]))
        elif how == "exception":
            future.exception()
        else:
            future.result()

    if how == "timeout":
        with pytest.raises(TimeoutError):
            future.result(0.001)
    thread = stock_threading.Thread(target=wait, args=(future,), daemon=True)
    thread.start()
    wait_until_blocked([thread], implementation)
    if how == "opened":
        with future._condition:
            assert future._state == "PENDING"
    future.set_result(item)
    thread.join(BLOCK)
    del item
    assert alive[1]() is not None
    del future
    assert all(released(each) for each in alive)


def test_map_keeps_nothing_that_was_given_out(implementation: Implementation) -> None:
    """Neither an argument that was used nor a result that was taken."""
    arguments = [Item() for _ in range(5)]
    alive = [weakref.ref(argument) for argument in arguments]
    results: list[weakref.ref[Any]] = []
    with implementation.futures.ThreadPoolExecutor(1) as pool:
        iterator = pool.map(lambda _: Item(), arguments)
        del arguments
        for result in iterator:
            results.append(weakref.ref(result))
            del result
            assert released(results[-1])
        assert len(results) == 5
        assert all(released(each) for each in alive)


def test_collector_leaves_counts_alone(implementation: Implementation) -> None:
    """A collection that finds calls under way takes and gives back no reference to what they are made of."""
    alive: list[weakref.ref[Any]] = []
    for _ in range(100):
        arguments = [Item() for _ in range(5)]
        alive.extend(map(weakref.ref, arguments))
        with implementation.futures.ThreadPoolExecutor(1) as pool:
            # The calls and their futures are the iterator's alone.
            iterator = pool.map(lambda _: Item(), arguments)
            del arguments
            for _result in iterator:
                gc.collect()
            del _result
    assert all(released(each) for each in alive)


def test_reference_counts_do_not_drift(implementation: Implementation) -> None:
    """Many calls leave the counts of their arguments as they were."""
    futures = implementation.futures
    timeout, item, error, callback = float("0.0001"), Item(), ItemError(), Item()
    pending = futures.Future()
    arguments = [timeout, item, error, callback, pending, None, True]

    def call() -> None:
        done, failed = futures.Future(), futures.Future()
        done.add_done_callback(callback)
        done.set_result(item)
        done.add_done_callback(callback)
        failed.set_exception(error)
        assert done.result() is item
        assert failed.exception() is error
        for ask in (pending.result, pending.exception):
            with pytest.raises(TimeoutError):
                ask(timeout)
        futures.wait([pending, done], timeout)
        futures.wait([pending, done], None, "FIRST_COMPLETED")
        assert next(futures.as_completed([pending, done])) is done
        with pytest.raises(futures.InvalidStateError):
            done.set_result(item)

    for _ in range(5):
        call()
    gc.collect()
    before = [sys.getrefcount(argument) for argument in arguments[:5]]
    for _ in range(100):
        call()
    gc.collect()
    assert [sys.getrefcount(argument) for argument in arguments[:5]] == before


CYCLES: dict[str, Callable[[Any], Any]] = {
    "attribute": lambda future: setattr(future, "itself", future),
    "callback": lambda future: future.add_done_callback(lambda _: future),
    "callback that was called": lambda future: (
        future.add_done_callback(lambda _: future),
        future.set_result(1),
    ),
    "result": lambda future: future.set_result(future),
    "result in a list": lambda future: future.set_result([future]),
    "exception": lambda future: future.set_exception(ItemError(future)),
    "opened": lambda future: future._condition.notify_all and setattr(future, "itself", future._condition),
    "opened, result": lambda future: (future._condition, future.set_result(future)),
    "opened, callback": lambda future: (future._condition, future.add_done_callback(lambda _: future)),
    "iterator": lambda future: setattr(future, "iterator", iter([future])),
}


@pytest.mark.parametrize("cycle", CYCLES)
def test_future_in_a_cycle_is_collected(cycle: str, implementation: Implementation) -> None:
    future = implementation.futures.Future()
    alive = weakref.ref(future)
    CYCLES[cycle](future)
    del future
    assert released(alive)


def test_two_futures_in_a_cycle_are_collected(implementation: Implementation) -> None:
    """Each waits for the other to end, as a chain of callbacks does."""
    futures = [implementation.futures.Future(), implementation.futures.Future()]
    alive = [weakref.ref(future) for future in futures]
    for future, other in zip(futures, futures[::-1], strict=True):
        future.add_done_callback(partial(id, other))
    del futures, future, other
    assert all(released(each) for each in alive)


def test_pool_in_a_cycle_is_collected(implementation: Implementation) -> None:
    """A pool that its own future, task and initializer refer to; its worker ends."""
    pool = implementation.futures.ThreadPoolExecutor(1)
    pool.itself = pool
    future = pool.submit(partial(getattr, pool, "itself"))
    assert future.result(BLOCK) is pool
    pool.future = future
    (worker,) = pool._threads
    alive = [weakref.ref(pool), weakref.ref(future)]
    del pool, future
    assert all(released(each) for each in alive)
    worker.join(BLOCK)
    assert not worker.is_alive()


def test_iterator_in_a_cycle_is_collected(implementation: Implementation) -> None:
    """An unfinished ``as_completed`` that its own futures refer to."""
    done, pending = implementation.futures.Future(), implementation.futures.Future()
    done.set_result(1)
    iterator = implementation.futures.as_completed([done, pending])
    assert next(iterator) is done
    pending.iterator = iterator
    alive = [weakref.ref(done), weakref.ref(pending)]
    del done, pending, iterator
    assert all(released(each) for each in alive)


def test_collector_spares_what_a_thread_waits_for(
    implementation: Implementation, wait_until_blocked: Callable[..., None]
) -> None:
    """Futures that only blocked threads refer to live on, and still work after many collections."""
    references: list[weakref.ref[Any]] = []
    results: list[Any] = []

    def wait(how: int) -> None:
        future = implementation.futures.Future()
        future.itself = future
        references.append(weakref.ref(future))
        if how == 0:
            results.append(future.result(60.0))
        elif how == 1:
            results.append(len(implementation.futures.wait([future], 60.0).done))
        else:
            results.append(len(list(implementation.futures.as_completed([future], 60.0))))

    threads = [stock_threading.Thread(target=wait, args=(how,), daemon=True) for how in range(3)]
    for thread in threads:
        thread.start()
    wait_until_blocked(threads, implementation)
    for _ in range(20):
        gc.collect()
    for reference in references:
        reference().set_result(1)  # type: ignore[union-attr]
    for thread in threads:
        thread.join(BLOCK)
    assert results == [1, 1, 1]
    assert all(released(each) for each in references)


def test_memory_does_not_grow(child: ChildRunner, report_figure: Callable[[str], None]) -> None:
    """Making, using and dropping futures and pools again and again needs no more memory than doing it a few times."""
    result = child("memory_futures.py")
    assert result.returncode == 0, result.describe()
    assert result.stderr == "", result.describe()
    for line in result.stdout.splitlines():
        report_figure(f"memory  {child.implementation:7} {line}")
