"""The other executors, asyncio and multiprocessing in a process in which the thread pool may be switched.

Usage: ``executors.py CASE``, or without a case to list them.
"""

import asyncio
import concurrent.futures
import multiprocessing
import os
import queue
import sys
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed, wait
from typing import Any

import harness

# What CPython warns of, a fork among threads, is the point here.
warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*fork.*")


def double(number: int) -> int:
    """A task."""
    return number * 2


def fail(number: int) -> None:
    """A task that raises."""
    raise LookupError(number)


def kinds_here() -> list[bool]:
    """Which classes the process has that runs this."""
    native = sys.modules.get("raddle._native")
    return [
        native is not None,
        native is not None and issubclass(concurrent.futures.Future, native.Future),
        native is not None and issubclass(queue.Queue, native.Queue),
    ]


def threads_there(number: int) -> int:
    """A task that uses a pool of threads where it runs."""
    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(double, range(number)))


def check_executor(executor: Any) -> None:
    """Everything that an executor's futures can do, among futures of a pool of threads."""
    with executor, ThreadPoolExecutor(2) as threads:
        future = executor.submit(double, 21)
        assert isinstance(future, Future)
        assert future.result(harness.TIME_BOX) == 42
        assert isinstance(executor.submit(fail, 7).exception(harness.TIME_BOX), LookupError)
        assert list(executor.map(double, range(20))) == list(range(0, 40, 2))
        futures = [pool.submit(double, number) for number in range(10) for pool in (executor, threads)]
        assert wait(futures, harness.TIME_BOX).not_done == set()
        assert len({*as_completed(futures, harness.TIME_BOX)}) == 20
        called = threading.Event()
        executor.submit(double, 1).add_done_callback(lambda _: called.set())
        assert called.wait(harness.TIME_BOX)
        assert wait([Future(), executor.submit(double, 1)], harness.TIME_BOX, FIRST_COMPLETED).done


def process_pool(method: str) -> None:
    """A pool of processes; its children are switched as their parent is."""
    context = multiprocessing.get_context(method)
    check_executor(ProcessPoolExecutor(2, mp_context=context))
    with ProcessPoolExecutor(1, mp_context=context) as processes:
        assert processes.submit(kinds_here).result(harness.TIME_BOX) == [harness.IS_RADDLE] * 3
        assert processes.submit(threads_there, 10).result(harness.TIME_BOX) == 90


def process_pool_beside_busy_threads() -> None:
    """Forks while a pool of threads works."""
    stop = threading.Event()
    with ThreadPoolExecutor(2) as threads:

        def work() -> int:
            done = 0
            while not stop.is_set():
                done += threads_there(3)
            return done

        busy = [threads.submit(work) for _ in range(2)]
        for _ in range(3):
            with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as processes:
                assert list(processes.map(double, range(10))) == list(range(0, 20, 2))
        stop.set()
        assert all(future.result(harness.TIME_BOX) >= 0 for future in busy)


def process_that_dies() -> None:
    """A child that ends breaks the pool of processes, and its futures say so."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as processes:
        future = processes.submit(os._exit, 1)
        error = future.exception(harness.TIME_BOX)
    assert type(error).__name__ == "BrokenProcessPool", error


def interpreter_pool() -> None:
    """A pool of interpreters: it inherits from the pool of threads."""
    if sys.version_info < (3, 14):
        assert not hasattr(concurrent.futures, "InterpreterPoolExecutor")
        return
    executor = concurrent.futures.InterpreterPoolExecutor(2)
    assert isinstance(executor, ThreadPoolExecutor)
    with executor:
        assert executor.submit(pow, 2, 8).result(harness.TIME_BOX) == 256
        assert list(executor.map(abs, [-1, -2, -3])) == [1, 2, 3]
        assert isinstance(executor.submit(divmod, 1, 0).exception(harness.TIME_BOX), ZeroDivisionError)
        futures = [executor.submit(abs, -number) for number in range(20)]
        assert wait(futures, harness.TIME_BOX).not_done == set()
        assert sorted(future.result() for future in as_completed(futures)) == list(range(20))


def asyncio_on_threads() -> None:
    """asyncio with its default executor and one of ours, which is what a program gets."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        numbers = await asyncio.gather(*[asyncio.to_thread(double, number) for number in range(50)])
        assert numbers == list(range(0, 100, 2))
        assert type(loop._default_executor) is ThreadPoolExecutor
        with ThreadPoolExecutor(2) as pool:
            assert await loop.run_in_executor(pool, double, 21) == 42
            try:
                await loop.run_in_executor(pool, fail, 7)
            except LookupError as error:
                assert error.args == (7,)
            task = loop.run_in_executor(None, call_loop, loop)
            assert await task == "from the loop"
        future: Future = Future()
        wrapped = asyncio.wrap_future(future)
        threading.Thread(target=future.set_result, args=("set by a thread",)).start()
        assert await wrapped == "set by a thread"

    def call_loop(loop: asyncio.AbstractEventLoop) -> Any:
        future = asyncio.run_coroutine_threadsafe(from_the_loop(), loop)
        assert isinstance(future, Future)
        assert wait([future], harness.TIME_BOX).not_done == set()
        return future.result(0)

    async def from_the_loop() -> str:
        await asyncio.sleep(0)
        return "from the loop"

    asyncio.run(asyncio.wait_for(run(), harness.TIME_BOX))


def processes_in_asyncio() -> None:
    """A pool of processes behind a loop."""

    async def run() -> Any:
        loop = asyncio.get_running_loop()
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as processes:
            return await asyncio.gather(*[loop.run_in_executor(processes, double, number) for number in range(5)])

    assert asyncio.run(asyncio.wait_for(run(), harness.TIME_BOX)) == [0, 2, 4, 6, 8]


def threads_of_multiprocessing() -> None:
    """``multiprocessing.pool.ThreadPool`` and ``multiprocessing.dummy``, which stand on the same modules."""
    from multiprocessing import dummy
    from multiprocessing.pool import ThreadPool

    with ThreadPool(2) as pool:
        assert pool.map(double, range(20)) == list(range(0, 40, 2))
        assert pool.apply_async(double, (21,)).get(harness.TIME_BOX) == 42
    with dummy.Pool(2) as pool:
        assert sorted(pool.imap_unordered(double, range(20))) == list(range(0, 40, 2))


CASES: dict[str, Callable[[], None]] = {
    "processes, fork": lambda: process_pool("fork"),
    "processes, spawn": lambda: process_pool("spawn"),
    "processes, forkserver": lambda: process_pool("forkserver"),
    "processes beside busy threads": process_pool_beside_busy_threads,
    "process that dies": process_that_dies,
    "interpreters": interpreter_pool,
    "asyncio": asyncio_on_threads,
    "processes in asyncio": processes_in_asyncio,
    "threads of multiprocessing": threads_of_multiprocessing,
}

if __name__ == "__main__":
    if len(sys.argv) == 1:
        print(*CASES, sep="\n")
    else:
        harness.start(watchdog=False)
        CASES[sys.argv[1]]()
