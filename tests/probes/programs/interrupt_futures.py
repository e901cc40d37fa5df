"""Ctrl-C ends a wait of the main thread for futures or a pool and leaves nothing behind.

Usage: ``interrupt_futures.py CASE``, or without a case to list them. Prints the milliseconds from the signal to the
exception.
"""

import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait

import harness
from interrupt import TIMEOUT, interrupted


def future_result(*arguments: object) -> None:
    """Future.result."""
    future: Future = Future()
    with interrupted():
        future.result(*arguments)
    future.set_result("result")
    assert future.result() == "result"


def future_exception() -> None:
    """Future.exception."""
    future: Future = Future()
    with interrupted():
        future.exception()
    assert future.cancel()
    assert not future.set_running_or_notify_cancel()


def opened_future() -> None:
    """Future.result, after a program has reached into the future."""
    future: Future = Future()
    with future._condition:
        assert future._state == "PENDING"
    with interrupted():
        future.result()
    future.set_result("result")
    assert future.result() == "result"


def future_of_pool() -> None:
    """The result of a task that a pool still runs."""
    finish = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(finish.wait)
        with interrupted():
            future.result()
        finish.set()
        assert future.result(harness.TIME_BOX)


def futures_wait(return_when: str, timeout: float | None = None) -> None:
    """``wait``: no future remembers the thread that has gone."""
    futures: list[Future] = [Future() for _ in range(3)]
    with interrupted():
        wait(futures, timeout, return_when)
    # On stock they do: an interrupted ``wait`` leaves its waiter in them.
    if harness.IS_RADDLE:
        assert [future._waiters for future in futures] == [[], [], []]
    for future in futures:
        future.set_result(None)
    assert wait(futures).done == {*futures}


def futures_as_completed(timeout: float | None = None) -> None:
    """``as_completed``: no future remembers the iterator."""
    futures: list[Future] = [Future() for _ in range(3)]
    futures[1].set_result(None)
    seen = []
    with interrupted():
        seen += [next(iterator := as_completed(futures, timeout))]
        next(iterator)
    assert seen == [futures[1]]
    assert [future._waiters for future in futures] == [[], [], []]
    futures[0].set_result(None)
    futures[2].set_exception(LookupError())
    assert {*as_completed(futures)} == {*futures}


def pool_map(timeout: float | None = None) -> None:
    """Iterating over ``map``: what has not begun is cancelled."""
    finish, ran = threading.Event(), []

    def task(number: int) -> int:
        ran.append(number)
        finish.wait()
        return number

    with ThreadPoolExecutor(1) as pool:
        # Starting a worker is a wait as well, and not the one that is meant.
        results = pool.map(task, range(10), timeout=timeout)
        harness.wait_until(lambda: ran, "the first task")
        with interrupted():
            next(results)
        finish.set()
    assert ran == [0]


def pool_shutdown() -> None:
    """``shutdown``: the pool takes no more tasks and ends those it has."""
    finish = threading.Event()
    pool = ThreadPoolExecutor(1)
    futures = [pool.submit(finish.wait) for _ in range(3)]
    with interrupted():
        pool.shutdown(wait=True)
    try:
        pool.submit(int)
    except RuntimeError:
        pass
    else:
        raise AssertionError("the pool takes tasks after its shutdown")
    finish.set()
    assert wait(futures, harness.TIME_BOX).not_done == set()
    harness.join_all(list(pool._threads))


def pool_with() -> None:
    """The end of ``with pool``."""
    finish = threading.Event()
    pool = ThreadPoolExecutor(1)
    future = pool.submit(finish.wait)
    with interrupted(), pool:
        pass
    finish.set()
    assert future.result(harness.TIME_BOX)
    harness.join_all(list(pool._threads))


def interrupted_callback() -> None:
    """A wait in a callback that the main thread runs: the exception leaves ``set_result``, the result stays."""
    future: Future = Future()
    never = threading.Event()
    future.add_done_callback(lambda _: never.wait())
    with interrupted():
        future.set_result("result")
    assert future.result(0) == "result"


CASES: dict[str, Callable[[], None]] = {
    "Future.result()": future_result,
    "Future.result(timeout)": lambda: future_result(TIMEOUT),
    "Future.exception()": future_exception,
    "Future.result(), opened": opened_future,
    "Future.result() of a pool": future_of_pool,
    "futures.wait(FIRST_COMPLETED)": lambda: futures_wait("FIRST_COMPLETED"),
    "futures.wait(FIRST_EXCEPTION)": lambda: futures_wait("FIRST_EXCEPTION"),
    "futures.wait(ALL_COMPLETED)": lambda: futures_wait("ALL_COMPLETED"),
    "futures.wait(timeout)": lambda: futures_wait("ALL_COMPLETED", TIMEOUT),
    "as_completed()": futures_as_completed,
    "as_completed(timeout)": lambda: futures_as_completed(TIMEOUT),
    "pool.map()": pool_map,
    "pool.map(timeout)": lambda: pool_map(TIMEOUT),
    "pool.shutdown()": pool_shutdown,
    "with pool": pool_with,
    "callback of set_result()": interrupted_callback,
}

if __name__ == "__main__":
    if len(sys.argv) == 1:
        print(*CASES, sep="\n")
    else:
        harness.start()
        CASES[sys.argv[1]]()
