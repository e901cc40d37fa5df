"""Futures and pools of one kind in the functions of the other, and in asyncio."""

from __future__ import annotations

import asyncio
import multiprocessing
import threading as stock_threading
from collections.abc import Awaitable, Callable
from concurrent import futures as stock_futures
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Implementation


@pytest.fixture(params=["theirs", "own"])
def waiting_module(request: pytest.FixtureRequest, implementation: Implementation) -> ModuleType:
    """The module whose functions wait: the standard library's, or that of the implementation under test."""
    return stock_futures if request.param == "theirs" else implementation.futures


def one_of_each(implementation: Implementation, count: int = 2) -> list[Any]:
    """Futures of both kinds in turn."""
    kinds = (implementation.futures.Future, stock_futures.Future)
    return [kinds[number % 2]() for number in range(count)]


@pytest.mark.parametrize("condition", ["FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"])
@pytest.mark.parametrize("first", [0, 1])
def test_wait(
    first: int,
    condition: str,
    waiting_module: ModuleType,
    implementation: Implementation,
    wait_until_blocked: Callable[..., None],
) -> None:
    futures = one_of_each(implementation)
    results: list[Any] = []
    thread = stock_threading.Thread(
        target=lambda: results.append(waiting_module.wait(futures, return_when=condition)), daemon=True
    )
    thread.start()
    wait_until_blocked([thread], implementation, registered=False)
    if condition == "FIRST_EXCEPTION":
        futures[first].set_exception(LookupError())
    else:
        futures[first].set_result(None)
    if condition == "ALL_COMPLETED":
        wait_until_blocked([thread], implementation, registered=False)
        assert results == []
        futures[1 - first].set_result(None)
    thread.join(30.0)
    assert results[0].done == ({*futures} if condition == "ALL_COMPLETED" else {futures[first]})
    assert results[0].not_done == {*futures} - results[0].done
    assert [future._waiters for future in futures] == [[], []]


def test_wait_without_waiting(waiting_module: ModuleType, implementation: Implementation) -> None:
    futures = one_of_each(implementation, 6)
    futures[0].set_result(1)
    futures[1].set_result(1)
    futures[2].set_exception(LookupError())
    futures[3].set_exception(LookupError())
    done, not_done = waiting_module.wait(futures, 0.001)
    assert (done, not_done) == (set(futures[:4]), set(futures[4:]))
    done, not_done = waiting_module.wait(futures, return_when="FIRST_COMPLETED")
    assert (done, not_done) == (set(futures[:4]), set(futures[4:]))


def test_as_completed(
    waiting_module: ModuleType, implementation: Implementation, wait_until_blocked: Callable[..., None]
) -> None:
    futures = one_of_each(implementation, 6)
    seen: list[Any] = []
    thread = stock_threading.Thread(target=lambda: seen.extend(waiting_module.as_completed(futures)), daemon=True)
    thread.start()
    for index in (3, 0, 1, 5, 4, 2):
        wait_until_blocked([thread], implementation, registered=False)
        if index % 3 == 2:
            futures[index].cancel()
            futures[index].set_running_or_notify_cancel()
        else:
            futures[index].set_result(None)
    thread.join(30.0)
    assert [futures.index(future) for future in seen] == [3, 0, 1, 5, 4, 2]


def test_as_completed_times_out(waiting_module: ModuleType, implementation: Implementation) -> None:
    futures = one_of_each(implementation, 4)
    futures[0].set_result(None)
    futures[3].set_result(None)
    seen: list[Any] = []
    with pytest.raises(TimeoutError, match=r"^2 \(of 4\) futures unfinished$"):
        seen.extend(waiting_module.as_completed(futures, 0.001))
    assert {id(future) for future in seen} == {id(futures[0]), id(futures[3])}
    assert [future._waiters for future in futures] == [[]] * 4


def test_pools_of_both_kinds_work_together(implementation: Implementation) -> None:
    with implementation.futures.ThreadPoolExecutor(2) as ours, stock_futures.ThreadPoolExecutor(2) as theirs:
        futures = [pool.submit(abs, -number) for number in range(50) for pool in (ours, theirs)]
        for module in (implementation.futures, stock_futures):
            assert module.wait(futures, 30).not_done == set()
            assert sorted(future.result() for future in module.as_completed(futures)) == sorted([*range(50)] * 2)
        nested = ours.submit(lambda: theirs.submit(lambda: ours.submit(abs, -7).result(30)).result(30))
        assert nested.result(30) == 7


def test_result_passed_on_by_a_callback(implementation: Implementation) -> None:
    first, second = one_of_each(implementation)
    for source, target in ((first, second), (implementation.futures.Future(), stock_futures.Future())):
        source.add_done_callback(lambda f, target=target: target.set_result(f.result()))
        source.set_result("value")
        assert target.result(0) == "value"


def test_own_executor_over_our_futures(implementation: Implementation) -> None:
    """Programs write executors of their own on the base class and ``Future``."""
    futures = implementation.futures

    class Immediate(futures.Executor):  # type: ignore[name-defined, misc]
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
            future = futures.Future()
            future.set_running_or_notify_cancel()
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:
                future.set_exception(error)
            return future

    with Immediate() as executor:
        assert list(executor.map(abs, [-1, -2])) == [1, 2]
        assert isinstance(executor.submit(divmod, 1, 0).exception(), ZeroDivisionError)
    assert issubclass(Immediate, stock_futures.Executor)


def in_asyncio(function: Callable[[], Awaitable[Any]]) -> Any:
    """Runs a coroutine in a loop, within a time box."""

    async def boxed() -> Any:
        return await asyncio.wait_for(function(), 60)

    return asyncio.run(boxed())


def test_wrap_future(implementation: Implementation) -> None:
    async def use() -> list[Any]:
        results: list[Any] = []
        for end in ("set_result", "set_exception", "cancel"):
            future = implementation.futures.Future()
            wrapped = asyncio.wrap_future(future)
            arguments = {"set_result": ["value"], "set_exception": [LookupError("reason")], "cancel": []}[end]
            thread = stock_threading.Thread(target=getattr(future, end), args=arguments)
            thread.start()
            try:
                results.append(await wrapped)
            except (LookupError, asyncio.CancelledError) as error:
                results.append(type(error))
            thread.join(30.0)
        return results

    assert in_asyncio(use) == ["value", LookupError, asyncio.CancelledError]


def test_cancelling_the_wrapper_cancels_the_future(implementation: Implementation) -> None:
    async def use() -> Any:
        future = implementation.futures.Future()
        wrapped = asyncio.wrap_future(future)
        wrapped.cancel()
        with pytest.raises(asyncio.CancelledError):
            await wrapped
        # Passed on by a callback, which the loop calls in a later turn.
        await asyncio.sleep(0)
        return future.cancelled()

    assert in_asyncio(use) is True


def test_done_future_is_wrapped(implementation: Implementation) -> None:
    async def use() -> Any:
        future = implementation.futures.Future()
        future.set_result("value")
        return await asyncio.wrap_future(future)

    assert in_asyncio(use) == "value"


def test_run_in_executor(implementation: Implementation) -> None:
    async def use() -> Any:
        loop = asyncio.get_running_loop()
        with implementation.futures.ThreadPoolExecutor(4) as pool:
            results = await asyncio.gather(*[loop.run_in_executor(pool, abs, -number) for number in range(100)])
            with pytest.raises(ZeroDivisionError):
                await loop.run_in_executor(pool, divmod, 1, 0)
        return results

    assert in_asyncio(use) == list(range(100))


def test_task_waiting_for_a_pool_is_cancelled(implementation: Implementation) -> None:
    async def use() -> list[str]:
        loop = asyncio.get_running_loop()
        begun, go, ran = stock_threading.Event(), stock_threading.Event(), []
        with implementation.futures.ThreadPoolExecutor(1) as pool:
            held = loop.run_in_executor(pool, lambda: (begun.set(), go.wait(30)))
            waiting = loop.run_in_executor(pool, ran.append, "ran")
            await loop.run_in_executor(None, begun.wait, 30)
            waiting.cancel()
            # Gives the loop the turn in which it passes the cancellation on.
            await asyncio.sleep(0)
            go.set()
            await held
            with pytest.raises(asyncio.CancelledError):
                await waiting
        return ran

    assert in_asyncio(use) == []


def test_default_executor(implementation: Implementation) -> None:
    async def use() -> Any:
        loop = asyncio.get_running_loop()
        pool = implementation.futures.ThreadPoolExecutor(2, thread_name_prefix="default")
        loop.set_default_executor(pool)
        name = await asyncio.to_thread(lambda: stock_threading.current_thread().name)
        value = await loop.run_in_executor(None, pow, 2, 8)
        await loop.shutdown_default_executor()
        return name.startswith("default"), value, pool._shutdown

    assert in_asyncio(use) == (True, 256, True)


def test_coroutine_from_a_thread(waiting_module: ModuleType, implementation: Implementation) -> None:
    """What asyncio hands to other threads is a future of the standard library's kind as long as nothing is switched."""

    async def double(number: int) -> int:
        await asyncio.sleep(0)
        return number * 2

    async def use() -> Any:
        loop = asyncio.get_running_loop()

        def ask() -> Any:
            futures = [asyncio.run_coroutine_threadsafe(double(number), loop) for number in range(5)]
            done, not_done = waiting_module.wait(futures, 30)
            assert not_done == set()
            assert sorted(future.result() for future in waiting_module.as_completed(futures)) == [0, 2, 4, 6, 8]
            return futures[4].result(30), len(done)

        with implementation.futures.ThreadPoolExecutor(1) as pool:
            return await loop.run_in_executor(pool, ask)

    assert in_asyncio(use) == (8, 5)


def test_other_executors_are_the_stock_ones(implementation: Implementation) -> None:
    names = ["ProcessPoolExecutor", "Executor"]
    names += ["InterpreterPoolExecutor"] if hasattr(stock_futures, "InterpreterPoolExecutor") else []
    for name in names:
        assert getattr(implementation.futures, name) is getattr(stock_futures, name)


def test_process_pool_beside_ours(implementation: Implementation) -> None:
    """Before anything is switched the process pool makes stock futures; ours wait for them."""
    with (
        implementation.futures.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as processes,
        implementation.futures.ThreadPoolExecutor(1) as threads,
    ):
        futures = [processes.submit(abs, -1), threads.submit(abs, -2), processes.submit(divmod, 1, 0)]
        assert implementation.futures.wait(futures, 60).not_done == set()
        assert [future.exception() is None for future in futures] == [True, True, False]
        assert {future.result() for future in implementation.futures.as_completed(futures[:2])} == {1, 2}
