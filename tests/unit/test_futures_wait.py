"""``wait``: every condition over futures in every state, and threads that wait, compared with the standard library."""

from __future__ import annotations

import gc
import itertools
import threading as stock_threading
import time
import weakref
from collections.abc import Callable
from concurrent import futures as stock_futures
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Implementation

STATES: dict[str, Callable[[Any], Any]] = {
    "pending": lambda _: None,
    "running": lambda f: f.set_running_or_notify_cancel(),
    "cancelled": lambda f: f.cancel(),
    "notified": lambda f: (f.cancel(), f.set_running_or_notify_cancel()),
    "returned": lambda f: f.set_result("value"),
    "raised": lambda f: f.set_exception(LookupError("reason")),
}
CONDITIONS = ("FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED")

# Each gets a module; none of these blocks.
CALLS: dict[str, Callable[[Any], Any]] = {
    "()": lambda module: module.wait(),
    "([])": lambda module: module.wait([]),
    "([], FIRST_COMPLETED)": lambda module: module.wait([], return_when="FIRST_COMPLETED"),
    "([], 0, ALL)": lambda module: module.wait([], 0, module.ALL_COMPLETED),
    "(fs=[])": lambda module: module.wait(fs=[]),
    "(None)": lambda module: module.wait(None),
    "(5)": lambda module: module.wait(5),
    "([5])": lambda module: module.wait([5]),
    "([None], 0)": lambda module: module.wait([None], 0),
    "(done, 0)": lambda module: sizes(module.wait([ended(module)], 0)),
    "(done, -1)": lambda module: sizes(module.wait([ended(module)], -1)),
    "(pending, -1)": lambda module: sizes(module.wait([module.Future()], -1)),
    "(pending, 0.001)": lambda module: sizes(module.wait([module.Future()], 0.001)),
    "(pending, False)": lambda module: sizes(module.wait([module.Future()], False)),
    "(pending, '1')": lambda module: module.wait([module.Future()], "1"),
    "([], '1')": lambda module: sizes(module.wait([], "1")),
    "(done, '1')": lambda module: sizes(module.wait([ended(module)], "1")),
    "(done, 1e300)": lambda module: sizes(module.wait([ended(module)], 1e300)),
    "(pending, 1e300)": lambda module: module.wait([module.Future()], 1e300),
    "(done, None)": lambda module: sizes(module.wait([ended(module)], None)),
    "(done, ?)": lambda module: module.wait([ended(module)], return_when="?"),
    "(pending, 0, ?)": lambda module: module.wait([module.Future()], 0, return_when="?"),
    "(pending, 0, None)": lambda module: module.wait([module.Future()], 0, return_when=None),
    "(1, 2, 3, 4)": lambda module: module.wait([], 0, "ALL_COMPLETED", 1),
    "(wrong=1)": lambda module: module.wait([], wrong=1),
    "twice the same": lambda module: sizes(module.wait([one := ended(module), one])),
    "twice the same, pending": lambda module: sizes(module.wait([one := module.Future(), one], 0)),
    "a generator": lambda module: sizes(module.wait(ended(module) for _ in range(3))),
    "a set": lambda module: sizes(module.wait({ended(module), ended(module)})),
    "a dict": lambda module: sizes(module.wait({ended(module): 1})),
    "type": lambda module: type(module.wait([])).__mro__[1],
    "fields": lambda module: type(module.wait([]))._fields,
    "repr": lambda module: repr(module.wait([ended(module)])),
    "sets": lambda module: [type(part) for part in module.wait([ended(module)])],
    "is a tuple": lambda module: isinstance(module.wait([]), tuple),
}


def ended(module: Any) -> Any:
    """A future with a result."""
    future = module.Future()
    future.set_result(None)
    return future


def sizes(result: Any) -> tuple[int, int]:
    """How many are done and not done."""
    return len(result.done), len(result.not_done)


@pytest.mark.parametrize("call", CALLS)
def test_call(call: str, same_as_stock: Callable[..., None]) -> None:
    same_as_stock(lambda implementation: CALLS[call](implementation.futures))


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("states", list(itertools.combinations_with_replacement(STATES, 2)), ids="+".join)
def test_states(condition: str, states: tuple[str, str], same_as_stock: Callable[..., None]) -> None:
    """Which futures count as done, without waiting for any."""

    def use(implementation: Implementation) -> Any:
        futures = [implementation.futures.Future() for _ in states]
        for state, future in zip(states, futures, strict=True):
            STATES[state](future)
        done, not_done = implementation.futures.wait(futures, 0, condition)
        assert done | not_done == set(futures)
        assert [future._waiters for future in futures] == [[], []]
        return [future in done for future in futures]

    same_as_stock(use)


def test_names(implementation: Implementation) -> None:
    for name in (*CONDITIONS, "DoneAndNotDoneFutures"):
        module = implementation.futures if name in CONDITIONS else implementation.futures._base
        assert getattr(module, name) is getattr(
            stock_futures if name in CONDITIONS else stock_futures._base,  # type: ignore[attr-defined]
            name,
        )
    assert type(implementation.futures.wait([])) is stock_futures._base.DoneAndNotDoneFutures  # type: ignore[attr-defined]


class Waiting:
    """A thread in ``wait`` for some futures."""

    def __init__(self, module: Any, futures: list[Any], condition: str, timeout: float | None = None) -> None:
        self.result: Any = None
        self.thread = stock_threading.Thread(target=self.run, args=(module, futures, timeout, condition), daemon=True)
        self.thread.start()

    def run(self, module: Any, futures: list[Any], timeout: float | None, condition: str) -> None:
        self.result = module.wait(futures, timeout, condition)

    def end(self) -> tuple[set[Any], set[Any]]:
        """What it returned."""
        self.thread.join(30.0)
        assert not self.thread.is_alive()
        return self.result.done, self.result.not_done


# What happens to three pending futures in turn, and after how many of these a wait has ended.
ENDS = {
    "FIRST_COMPLETED": [("returned", True)],
    "FIRST_COMPLETED, raises": [("raised", True)],
    "FIRST_COMPLETED, cancelled": [("notified", True)],
    "FIRST_EXCEPTION": [("returned", False), ("raised", True)],
    "FIRST_EXCEPTION, at once": [("raised", True)],
    "FIRST_EXCEPTION, none": [("returned", False), ("returned", False), ("returned", True)],
    "FIRST_EXCEPTION, cancelled": [("notified", False), ("returned", False), ("raised", True)],
    "ALL_COMPLETED": [("returned", False), ("raised", False), ("notified", True)],
}


@pytest.mark.parametrize("timeout", [None, 30.0])
@pytest.mark.parametrize("case", ENDS)
def test_ends_when_the_condition_holds(
    case: str, timeout: float | None, implementation: Implementation, wait_until_blocked: Callable[..., None]
) -> None:
    futures = [implementation.futures.Future() for _ in range(3)]
    waiting = [Waiting(implementation.futures, futures, case.partition(",")[0], timeout) for _ in range(2)]
    for count, (state, ends) in enumerate(ENDS[case], start=1):
        wait_until_blocked([one.thread for one in waiting], implementation)
        STATES[state](futures[count - 1])
        if ends:
            for one in waiting:
                assert one.end() == (set(futures[:count]), set(futures[count:]))
    assert all(future._waiters == [] for future in futures)


def test_cancelled_counts_when_notified(
    implementation: Implementation, wait_until_blocked: Callable[..., None]
) -> None:
    """As on stock a cancelled future is done for ``wait`` when somebody has taken notice."""
    futures = [implementation.futures.Future()]
    waiting = Waiting(implementation.futures, futures, "ALL_COMPLETED")
    wait_until_blocked([waiting.thread], implementation)
    assert futures[0].cancel()
    wait_until_blocked([waiting.thread], implementation)
    assert not futures[0].set_running_or_notify_cancel()
    assert waiting.end() == (set(futures), set())


def test_running_does_not_count(implementation: Implementation, wait_until_blocked: Callable[..., None]) -> None:
    futures = [implementation.futures.Future()]
    waiting = Waiting(implementation.futures, futures, "FIRST_COMPLETED")
    wait_until_blocked([waiting.thread], implementation)
    assert futures[0].set_running_or_notify_cancel()
    wait_until_blocked([waiting.thread], implementation)
    futures[0].set_result(None)
    assert waiting.end() == (set(futures), set())


def test_timeout_gives_what_is_done(implementation: Implementation) -> None:
    futures = [implementation.futures.Future() for _ in range(3)]
    waiting = Waiting(implementation.futures, futures, "ALL_COMPLETED", 0.5)
    futures[1].set_result(None)
    assert waiting.end() == ({futures[1]}, {futures[0], futures[2]})
    assert all(future._waiters == [] for future in futures)
    futures[0].set_result(None)


def test_same_future_many_times(implementation: Implementation, wait_until_blocked: Callable[..., None]) -> None:
    future = implementation.futures.Future()
    waiting = Waiting(implementation.futures, [future] * 5, "ALL_COMPLETED")
    wait_until_blocked([waiting.thread], implementation)
    future.set_result(None)
    assert waiting.end() == ({future}, set())


def test_opened_future_keeps_its_waiters(
    implementation: Implementation, wait_until_blocked: Callable[..., None]
) -> None:
    """A program reaches into a future for which threads wait."""
    futures = [implementation.futures.Future() for _ in range(2)]
    waiting = [Waiting(implementation.futures, futures, condition) for condition in CONDITIONS]
    wait_until_blocked([one.thread for one in waiting], implementation)
    with futures[0]._condition:
        assert futures[0]._state == "PENDING"
    deadline = time.monotonic() + 30.0
    while len(futures[0]._waiters) < 3:
        assert time.monotonic() < deadline, futures[0]._waiters
    wait_until_blocked([one.thread for one in waiting], implementation)
    futures[0].set_result("value")
    assert waiting[0].end() == ({futures[0]}, {futures[1]})
    wait_until_blocked([one.thread for one in waiting[1:]], implementation)
    futures[1].set_exception(LookupError("reason"))
    for one in waiting[1:]:
        assert one.end() == (set(futures), set())


def test_many_futures_of_a_pool(implementation: Implementation) -> None:
    with implementation.futures.ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(divmod, 6, number % 3) for number in range(300)]
        done, not_done = implementation.futures.wait(futures)
    assert (done, not_done) == (set(futures), set())
    assert sum(future.exception() is not None for future in futures) == 100


def test_many_threads_wait_for_the_same(implementation: Implementation) -> None:
    futures = [implementation.futures.Future() for _ in range(20)]
    waiting = [Waiting(implementation.futures, futures, CONDITIONS[number % 3]) for number in range(12)]
    for future in futures:
        future.set_result(None)
    for one in waiting:
        done, not_done = one.end()
        assert done
        assert done | not_done == set(futures)


def test_nothing_is_kept(implementation: Implementation) -> None:
    """Neither a result nor a timeout keeps the futures."""
    pending, returned = implementation.futures.Future(), ended(implementation.futures)
    alive = [weakref.ref(pending), weakref.ref(returned)]
    assert sizes(implementation.futures.wait([pending, returned], 0.001)) == (1, 1)
    assert sizes(implementation.futures.wait([pending, returned], return_when="FIRST_COMPLETED")) == (1, 1)
    del pending, returned
    gc.collect()
    assert [reference() for reference in alive] == [None, None]
