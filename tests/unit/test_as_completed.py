"""``as_completed``: order, duplicates, timeouts, what it keeps, compared with the standard library."""

from __future__ import annotations

import gc
import itertools
import threading as stock_threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Implementation

# Each gets a module; none of these blocks for long.
CALLS: dict[str, Callable[[Any], Any]] = {
    "()": lambda module: module.as_completed(),
    "([])": lambda module: list(module.as_completed([])),
    "([], 0)": lambda module: list(module.as_completed([], 0)),
    "([], -1)": lambda module: list(module.as_completed([], -1)),
    "([], '1')": lambda module: list(module.as_completed([], "1")),
    "(fs=[], timeout=1)": lambda module: list(module.as_completed(fs=[], timeout=1)),
    "([], 1, 2)": lambda module: module.as_completed([], 1, 2),
    "(wrong=1)": lambda module: module.as_completed([], wrong=1),
    "(None)": lambda module: list(module.as_completed(None)),
    "(None), not used": lambda module: type(module.as_completed(None)).__name__,
    "(5)": lambda module: list(module.as_completed(5)),
    "([5])": lambda module: list(module.as_completed([5])),
    "one": lambda module: len(list(module.as_completed([ended(module)]))),
    "twice the same": lambda module: len(list(module.as_completed([one := ended(module), one]))),
    "a generator": lambda module: len(list(module.as_completed(ended(module) for _ in range(3)))),
    "done and pending, 0": lambda module: collected(module, [ended(module), module.Future()], 0),
    "done and pending, -1": lambda module: collected(module, [ended(module), module.Future()], -1),
    "pending, 0": lambda module: collected(module, [module.Future()], 0),
    "pending, 0.001": lambda module: collected(module, [module.Future(), module.Future()], 0.001),
    "done, 0": lambda module: collected(module, [ended(module)], 0),
    "cancelled, 0": lambda module: collected(module, [brought(module, "cancel")], 0),
    "cancelled and notified, 0": lambda module: collected(
        module, [brought(module, "cancel", "set_running_or_notify_cancel")], 0
    ),
    "running, 0": lambda module: collected(module, [brought(module, "set_running_or_notify_cancel")], 0),
    "raised": lambda module: sorted(collected(module, [failed(module), failed(module)], None)),
    "type": lambda module: type(module.as_completed([])).__name__,
    "iter": lambda module: (one := module.as_completed([]), iter(one) is one)[1],
    "next at the end": lambda module: (one := module.as_completed([]), next(one, 1), next(one, 2))[1:],
    "close": lambda module: (one := module.as_completed([ended(module)]), one.close(), list(one))[1:],
    "close in the middle": lambda module: closed_in_the_middle(module),
    "throw": lambda module: thrown_into(module),
    "send": lambda module: module.as_completed([ended(module)]).send(None).done(),
}


def ended(module: Any) -> Any:
    """A future with a result."""
    future = module.Future()
    future.set_result(None)
    return future


def failed(module: Any) -> Any:
    """A future with an exception."""
    future = module.Future()
    future.set_exception(LookupError("reason"))
    return future


def brought(module: Any, *calls: str) -> Any:
    """A future on which methods were called."""
    future = module.Future()
    for call in calls:
        getattr(future, call)()
    return future


def collected(module: Any, futures: list[Any], timeout: float | None) -> Any:
    """Which of the futures come, and how it ends."""
    seen: list[Any] = []
    try:
        seen.extend(map(futures.index, module.as_completed(futures, timeout)))
    except TimeoutError as error:
        seen.append((type(error).__name__, str(error)))
    assert [future._waiters for future in futures] == [[]] * len(futures)
    return seen


def closed_in_the_middle(module: Any) -> Any:
    """What is left when the iteration is given up."""
    futures = [ended(module), module.Future()]
    iterator = module.as_completed(futures)
    first = next(iterator)
    iterator.close()
    return first is futures[0], [future._waiters for future in futures], next(iterator, "ended")


def thrown_into(module: Any) -> Any:
    """What is left when an exception is thrown into the iteration."""
    futures = [ended(module), module.Future()]
    iterator = module.as_completed(futures)
    next(iterator)
    with pytest.raises(LookupError):
        iterator.throw(LookupError("thrown"))
    return [future._waiters for future in futures], next(iterator, "ended")


@pytest.mark.parametrize("call", CALLS)
def test_call(call: str, same_as_stock: Callable[..., None]) -> None:
    same_as_stock(lambda implementation: CALLS[call](implementation.futures))


class Iterating:
    """A thread that iterates over futures as they end."""

    def __init__(self, module: Any, futures: Any, timeout: float | None = None) -> None:
        self.seen: list[Any] = []
        self.error: BaseException | None = None
        self.thread = stock_threading.Thread(target=self.run, args=(module, futures, timeout), daemon=True)
        self.thread.start()

    def run(self, module: Any, futures: Any, timeout: float | None) -> None:
        try:
            for future in module.as_completed(futures, timeout):
                self.seen.append(future)
        except BaseException as error:
            self.error = error

    def end(self) -> list[Any]:
        """What it has seen in the end."""
        self.thread.join(30.0)
        assert not self.thread.is_alive()
        return self.seen


@pytest.mark.parametrize("timeout", [None, 30.0])
def test_in_the_order_in_which_they_end(
    timeout: float | None, implementation: Implementation, wait_until_blocked: Callable[..., None]
) -> None:
    futures = [implementation.futures.Future() for _ in range(6)]
    iterating = Iterating(implementation.futures, futures, timeout)
    order = [3, 0, 5, 1, 4, 2]
    for count, index in enumerate(order):
        wait_until_blocked([iterating.thread], implementation)
        assert iterating.seen == [futures[each] for each in order[:count]]
        if index % 3 == 0:
            futures[index].set_result(None)
        elif index % 3 == 1:
            futures[index].set_exception(LookupError())
        else:
            futures[index].cancel()
            futures[index].set_running_or_notify_cancel()
    assert iterating.end() == [futures[index] for index in order]
    assert iterating.error is None


def test_those_that_end_meanwhile_keep_their_order(implementation: Implementation) -> None:
    """While the loop's body is busy several futures end; they come in the order of their ends."""
    futures = [implementation.futures.Future() for _ in range(5)]
    iterator = implementation.futures.as_completed(futures)
    futures[2].set_result(None)
    assert next(iterator) is futures[2]
    for index in (4, 0, 3, 1):
        futures[index].set_result(None)
    assert list(iterator) == [futures[index] for index in (4, 0, 3, 1)]


def test_done_ones_come_first(implementation: Implementation) -> None:
    futures = [implementation.futures.Future() for _ in range(4)]
    futures[1].set_result(None)
    futures[3].set_result(None)
    iterator = implementation.futures.as_completed(futures)
    assert {next(iterator), next(iterator)} == {futures[1], futures[3]}
    futures[0].set_result(None)
    futures[2].set_result(None)
    assert list(iterator) == [futures[0], futures[2]]


def test_timeout_counts_from_the_call(implementation: Implementation, wait_until_blocked: Callable[..., None]) -> None:
    futures = [implementation.futures.Future() for _ in range(3)]
    iterating = Iterating(implementation.futures, futures, 0.5)
    wait_until_blocked([iterating.thread], implementation)
    futures[1].set_result(None)
    assert iterating.end() == [futures[1]]
    assert type(iterating.error) is TimeoutError
    assert str(iterating.error) == "2 (of 3) futures unfinished"
    assert all(future._waiters == [] for future in futures)


def test_several_threads_over_the_same(implementation: Implementation) -> None:
    futures = [implementation.futures.Future() for _ in range(50)]
    iterating = [Iterating(implementation.futures, futures) for _ in range(4)]
    for future in futures:
        future.set_result(None)
    for one in iterating:
        seen = one.end()
        assert one.error is None
        assert len(seen) == 50
        assert set(seen) == set(futures)


def test_same_future_many_times(implementation: Implementation, wait_until_blocked: Callable[..., None]) -> None:
    future = implementation.futures.Future()
    iterating = Iterating(implementation.futures, itertools.repeat(future, 4))
    wait_until_blocked([iterating.thread], implementation)
    future.set_result(None)
    assert iterating.end() == [future]


def test_opened_future_keeps_its_iterators(
    implementation: Implementation, wait_until_blocked: Callable[..., None]
) -> None:
    """A program reaches into a future over which a thread iterates."""
    futures = [implementation.futures.Future() for _ in range(2)]
    iterating = Iterating(implementation.futures, futures)
    wait_until_blocked([iterating.thread], implementation)
    with futures[0]._condition:
        assert futures[0]._state == "PENDING"
    deadline = time.monotonic() + 30.0
    while len(futures[0]._waiters) < 1:
        assert time.monotonic() < deadline, futures[0]._waiters
    wait_until_blocked([iterating.thread], implementation)
    futures[0].set_result(None)
    wait_until_blocked([iterating.thread], implementation)
    futures[1].set_result(None)
    assert iterating.end() == futures


def test_futures_of_a_pool(implementation: Implementation) -> None:
    def numbers() -> Iterator[Any]:
        for number in range(200):
            yield pool.submit(abs, -number)

    with implementation.futures.ThreadPoolExecutor(4) as pool:
        assert sorted(future.result() for future in implementation.futures.as_completed(numbers())) == list(range(200))


def test_more_are_submitted_inside_the_loop(implementation: Implementation) -> None:
    with implementation.futures.ThreadPoolExecutor(2) as pool:
        results: list[int] = []
        pending = {pool.submit(abs, -5)}
        while pending:
            results += [future.result() for future in implementation.futures.as_completed(pending)]
            pending = {pool.submit(abs, results[-1] - 1)} if results[-1] else set()
    assert results == [5, 4, 3, 2, 1, 0]


def test_given_futures_are_forgotten(implementation: Implementation) -> None:
    """The iterator does not keep what it has given out."""
    futures = [implementation.futures.Future() for _ in range(3)]
    futures[0].set_result(None)
    iterator = implementation.futures.as_completed(futures)
    for index in range(3):
        future = next(iterator)
        alive = weakref.ref(future)
        assert future is futures[0]
        del futures[0]
        del future
        gc.collect()
        assert alive() is None
        if futures:
            futures[0].set_result(index)
    assert next(iterator, "ended") == "ended"


def test_iterator_that_is_dropped_keeps_nothing(implementation: Implementation) -> None:
    futures = [implementation.futures.Future() for _ in range(3)]
    alive = [weakref.ref(future) for future in futures]
    futures[0].set_result(None)
    iterator = implementation.futures.as_completed(futures)
    next(iterator)
    del iterator
    gc.collect()
    assert [future._waiters for future in futures] == [[], [], []]
    del futures
    gc.collect()
    assert [reference() for reference in alive] == [None] * 3
