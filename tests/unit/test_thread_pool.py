"""ThreadPoolExecutor: arguments, tasks, workers, shutdown and what programs do to its inside, compared with stock."""

from __future__ import annotations

import concurrent.futures.thread as stock_thread
import contextlib
import gc
import logging
import pickle
import queue as stock_queue
import re
import sys
import threading as stock_threading
import traceback
import weakref
from collections.abc import Callable, Iterator
from concurrent import futures as stock_futures
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Implementation

NEW_WORKERS = sys.version_info >= (3, 14)

# Each works on the class. A pool that is made starts no thread before its first task.
ON_CLASS: dict[str, Callable[[Any], Any]] = {
    "()": lambda kind: kind()._max_workers,
    "(None)": lambda kind: kind(None)._max_workers,
    "(3)": lambda kind: kind(3)._max_workers,
    "(max_workers=3)": lambda kind: kind(max_workers=3)._max_workers,
    "(True)": lambda kind: kind(True)._max_workers,
    "(0)": lambda kind: kind(0),
    "(-1)": lambda kind: kind(-1),
    "('3')": lambda kind: kind("3"),
    "(2.5)": lambda kind: kind(2.5)._max_workers,
    "(10**20)": lambda kind: kind(10**20)._max_workers,
    "(thread_name_prefix=)": lambda kind: kind(thread_name_prefix="name")._thread_name_prefix,
    "(1, 'name')": lambda kind: kind(1, "name")._thread_name_prefix,
    "(1, None)": lambda kind: re.sub(r"\d+", "N", kind(1, None)._thread_name_prefix),
    "default prefix": lambda kind: re.sub(r"\d+", "N", kind()._thread_name_prefix),
    "(initializer=1)": lambda kind: kind(initializer=1),
    "(initializer=None)": lambda kind: type(kind(initializer=None)) is kind,
    "(initializer, initargs)": lambda kind: type(kind(1, "", print, (1, 2))) is kind,
    "(initargs=1)": lambda kind: type(kind(initargs=1)) is kind,
    "(1, 2, 3, 4, 5)": lambda kind: kind(1, "", None, (), 5),
    "(wrong=1)": lambda kind: kind(wrong=1),
    "name": lambda kind: (kind.__name__, kind.__qualname__, kind.__module__),
    "issubclass": lambda kind: issubclass(kind, stock_futures.ThreadPoolExecutor),
    "isinstance": lambda kind: isinstance(kind(), stock_futures.Executor),
    "_counter": lambda kind: callable(kind._counter),
    "BROKEN": lambda kind: getattr(kind, "BROKEN", None),
    "prepare_context": lambda kind: hasattr(kind, "prepare_context"),
    "private attributes": lambda kind: sorted(name for name in vars(kind()) if name in STOCK_ATTRIBUTES),
    "weak reference": lambda kind: weakref.ref(one := kind())() is one,
    "repr": lambda kind: kind(),
    "bool": lambda kind: bool(kind()),
    "eq": lambda kind: kind() == kind(),
    "new attribute": lambda kind: setattr(kind(), "attribute", 1),
}

# What stock's objects have for themselves.
STOCK_ATTRIBUTES = sorted(vars(stock_thread.ThreadPoolExecutor()))

# Each works on a pool of two workers. Every call ends at once, or when a task has ended.
ON_POOL: dict[str, Callable[[Any], Any]] = {
    "submit": lambda pool: pool.submit(pow, 2, 8).result(30),
    "submit, keywords": lambda pool: pool.submit(dict, a=1, fn=2, self=3).result(30),
    "submit()": lambda pool: pool.submit(),
    "submit(fn=)": lambda pool: pool.submit(fn=pow),
    "submit(a=)": lambda pool: pool.submit(a=1),
    "submit(1)": lambda pool: pool.submit(1).exception(30),
    "submit None": lambda pool: pool.submit(None).exception(30),
    "submit, raises": lambda pool: pool.submit(divmod, 1, 0).exception(30),
    "submit, raises SystemExit": lambda pool: pool.submit(sys.exit, 3).exception(30),
    "submit, result raises": lambda pool: pool.submit(divmod, 1, 0).result(30),
    "submit, raises KeyboardInterrupt": lambda pool: type(pool.submit(interrupt).exception(30)),
    "submit, raises GeneratorExit": lambda pool: type(pool.submit(generator_exit).exception(30)),
    "after a SystemExit": lambda pool: (pool.submit(sys.exit).exception(30), pool.submit(abs, -1).result(30)),
    "submit, wrong arguments": lambda pool: type(pool.submit(pow).exception(30)),
    "submit, type of future": lambda pool: settled(pool.submit(int)),
    "submit itself": lambda pool: pool.submit(pool.submit, abs, -5).result(30).result(30),
    "submit a method": lambda pool: pool.submit("text".upper).result(30),
    "submit a class": lambda pool: pool.submit(list, "ab").result(30),
    "submit a lambda": lambda pool: pool.submit(lambda *a, **k: (a, k), 1, b=2).result(30),
    "future is running": lambda pool: running_inside(pool),
    "map": lambda pool: list(pool.map(abs, [-1, -2, -3])),
    "map of two": lambda pool: list(pool.map(pow, [2, 3, 4], [5, 6])),
    "map of none": lambda pool: list(pool.map(abs)),
    "map of empty": lambda pool: list(pool.map(abs, [])),
    "map()": lambda pool: pool.map(),
    "map(None, ...)": lambda pool: list(pool.map(None, [1])),
    "map(abs, 5)": lambda pool: pool.map(abs, 5),
    "map, iterable raises": lambda pool: pool.map(abs, raising_iterator()),
    "map, chunksize": lambda pool: list(pool.map(abs, range(-3, 3), chunksize=2)),
    "map, chunksize=0": lambda pool: list(pool.map(abs, range(-3, 3), chunksize=0)),
    "map, timeout": lambda pool: list(pool.map(abs, range(-3, 3), timeout=30)),
    "map, timeout=None": lambda pool: list(pool.map(abs, range(-3, 3), timeout=None)),
    "map, timeout='1'": lambda pool: list(pool.map(abs, [1], timeout="1")),
    "map, wrong": lambda pool: list(pool.map(abs, [1], wrong=1)),
    "map, raises": lambda pool: take(pool.map(divmod, [6, 6, 6, 6], [2, 3, 0, 1])),
    "map, stops early": lambda pool: (iterator := pool.map(abs, [-1, -2]), next(iterator), iterator.close())[1:],
    "map, iterator": lambda pool: (iterator := pool.map(abs, [-1]), iter(iterator) is iterator, list(iterator))[1:],
    "map, type": lambda pool: type(pool.map(abs, [1])).__name__,
    "map, buffersize": lambda pool: list(pool.map(abs, range(-9, 0), buffersize=2)),
    "map, buffersize=0": lambda pool: pool.map(abs, [1], buffersize=0),
    "map, buffersize=-1": lambda pool: pool.map(abs, [1], buffersize=-1),
    "map, buffersize='2'": lambda pool: pool.map(abs, [1], buffersize="2"),
    "map, buffersize=None": lambda pool: list(pool.map(abs, [1], buffersize=None)),
    "map, StopIteration": lambda pool: take(pool.map(next, [iter([]), iter([1])])),
    "shutdown": lambda pool: (pool.shutdown(), pool.shutdown(), pool._shutdown),
    "shutdown(False)": lambda pool: pool.shutdown(False),
    "shutdown(wait=0)": lambda pool: pool.shutdown(wait=0),
    "shutdown(True, True)": lambda pool: pool.shutdown(True, True),
    "shutdown(cancel_futures=True)": lambda pool: pool.shutdown(cancel_futures=True),
    "shutdown(wrong=1)": lambda pool: pool.shutdown(wrong=1),
    "shutdown, submit": lambda pool: (pool.shutdown(), pool.submit(int)),
    "shutdown, map": lambda pool: (pool.shutdown(), pool.map(int, [1])),
    "shutdown, map of empty": lambda pool: (pool.shutdown(), list(pool.map(int, []))),
    "shutdown(False), submit": lambda pool: (pool.shutdown(wait=False), pool.submit(int)),
    "shutdown, submit()": lambda pool: (pool.shutdown(), pool.submit()),
    "with": lambda pool: used_as_context(pool),
    "with, exception": lambda pool: raised_in_context(pool),
    "with, twice": lambda pool: (used_as_context(pool), used_as_context(pool)),
    "__exit__": lambda pool: pool.__exit__(None, None, None),
    "_max_workers": lambda pool: pool._max_workers,
    "_threads": lambda pool: (type(pool._threads), len(pool._threads)),
    "_threads after a task": lambda pool: (pool.submit(int).result(30), len(pool._threads)),
    "_threads are threads": lambda pool: (pool.submit(int).result(30), [t.daemon for t in pool._threads]),
    "_broken": lambda pool: pool._broken,
    "_shutdown": lambda pool: (pool._shutdown, pool.shutdown(), pool._shutdown),
    "_shutdown =": lambda pool: (setattr(pool, "_shutdown", True), pool.submit(int)),
    "_broken =": lambda pool: (setattr(pool, "_broken", "said by hand"), pool.submit(int)),
    "_shutdown_lock": lambda pool: (pool._shutdown_lock.acquire(False), pool._shutdown_lock.release()),
    "_work_queue.qsize": lambda pool: (pool._work_queue.qsize(), pool._work_queue.empty()),
    "_work_queue.get_nowait": lambda pool: pool._work_queue.get_nowait(),
    "_idle_semaphore": lambda pool: hasattr(pool._idle_semaphore, "acquire"),
    "_idle_semaphore._value": lambda pool: (pool._idle_semaphore._value, pool.submit(int).result(30))[0],
    "_adjust_thread_count": lambda pool: callable(pool._adjust_thread_count),
    "_initializer_failed": lambda pool: callable(pool._initializer_failed),
    "_initializer": lambda pool: (getattr(pool, "_initializer", "-"), getattr(pool, "_initargs", "-")),
    "_max_workers =": lambda pool: (setattr(pool, "_max_workers", 1), pool.submit(int).result(30), len(pool._threads)),
}


def settled(future: Any) -> Any:
    """A future that has ended."""
    future.exception(30)
    return future


def interrupt() -> None:
    raise KeyboardInterrupt


def generator_exit() -> None:
    raise GeneratorExit


def raising_iterator() -> Iterator[int]:
    yield 1
    raise LookupError("from the iterator")


def running_inside(pool: Any) -> Any:
    """What a task sees of its own future."""
    box: list[Any] = []
    given = stock_threading.Event()

    def look() -> Any:
        given.wait(30)
        return box[0].running(), box[0].done(), box[0].cancel(), repr(box[0])

    box.append(pool.submit(look))
    given.set()
    return box[0].result(30), box[0].running(), box[0].done()


def take(iterator: Iterator[Any]) -> list[Any]:
    """What an iterator gives, up to its exception and once more."""
    taken: list[Any] = []
    try:
        taken.extend(iterator)
    except Exception as error:
        taken.append(repr(error))
    return [*taken, next(iterator, "ended")]


def used_as_context(pool: Any) -> Any:
    with pool as entered:
        future = entered.submit(abs, -1)
    return entered is pool, future.done(), pool._shutdown


def raised_in_context(pool: Any) -> Any:
    future = None
    with contextlib.suppress(LookupError), pool:
        future = pool.submit(abs, -1)
        raise LookupError
    return future.result(30), pool._shutdown


@pytest.mark.parametrize("call", ON_CLASS)
def test_on_class(call: str, same_as_stock: Callable[..., None]) -> None:
    same_as_stock(lambda implementation: ON_CLASS[call](implementation.futures.ThreadPoolExecutor))


@pytest.mark.parametrize("call", ON_POOL)
def test_on_pool(call: str, same_as_stock: Callable[..., None]) -> None:
    def use(implementation: Implementation) -> Any:
        pool = implementation.futures.ThreadPoolExecutor(2)
        try:
            return ON_POOL[call](pool)
        finally:
            pool.shutdown()

    same_as_stock(use)


def test_is_not_pickled(implementation: Implementation) -> None:
    """What it is that cannot be pickled differs from version to version."""
    with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
        pickle.dumps(implementation.futures.ThreadPoolExecutor())


def test_surface(same_surface: Callable[..., None]) -> None:
    same_surface(lambda implementation: implementation.futures.ThreadPoolExecutor())


def test_broken_is_the_stock_exception(implementation: Implementation) -> None:
    module = implementation.futures.thread
    assert module.BrokenThreadPool is stock_thread.BrokenThreadPool


class Gate:
    """A task that says when it has begun and stays until it is let go."""

    def __init__(self) -> None:
        self.begun = stock_threading.Semaphore(0)
        self.go = stock_threading.Event()

    def __call__(self, value: Any = None) -> Any:
        self.begun.release()
        assert self.go.wait(30.0)
        return value


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.go.set()


def occupied(implementation: Implementation, gate: Gate, workers: int = 1, **options: Any) -> tuple[Any, list[Any]]:
    """A pool whose workers are all in a task."""
    pool = implementation.futures.ThreadPoolExecutor(workers, **options)
    held = [pool.submit(gate, number) for number in range(workers)]
    for _ in held:
        assert gate.begun.acquire(timeout=30.0)
    return pool, held


def test_tasks_run_in_order(implementation: Implementation, gate: Gate) -> None:
    pool, _ = occupied(implementation, gate)
    order: list[int] = []
    for number in range(100):
        pool.submit(order.append, number)
    assert pool._work_queue.qsize() == 100
    gate.go.set()
    pool.shutdown()
    assert order == list(range(100))


def test_workers_come_when_needed_and_are_used_again(
    implementation: Implementation, gate: Gate, wait_until_blocked: Callable[..., None]
) -> None:
    pool, held = occupied(implementation, gate, 3)
    workers = set(pool._threads)
    assert len(workers) == 3
    waiting = [pool.submit(int) for _ in range(20)]
    assert pool._threads == workers
    gate.go.set()
    for future in held + waiting:
        future.result(30)
    wait_until_blocked(list(workers), implementation)
    idents = {pool.submit(stock_threading.get_ident).result(30) for _ in range(10)}
    assert idents <= {worker.ident for worker in workers}
    assert pool._threads == workers
    pool.shutdown()
    assert not any(worker.is_alive() for worker in workers)


def test_one_worker_does_one_task_after_the_other(
    implementation: Implementation, wait_until_blocked: Callable[..., None]
) -> None:
    with implementation.futures.ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            pool.submit(int).result(30)
            # A worker counts as idle a moment after its result is there.
            wait_until_blocked(list(pool._threads), implementation)
        assert len(pool._threads) == 1


def test_workers_are_ordinary_threads(implementation: Implementation, gate: Gate) -> None:
    pool, _ = occupied(implementation, gate, 2, thread_name_prefix="worker")
    assert sorted(worker.name for worker in pool._threads) == ["worker_0", "worker_1"]
    for worker in pool._threads:
        assert type(worker) is stock_threading.Thread
        assert not worker.daemon
        assert worker in stock_threading.enumerate()
        assert worker in stock_thread._threads_queues
    seen = pool._threads
    gate.go.set()
    assert pool.submit(stock_threading.current_thread).result(30) in seen
    pool.shutdown()


def test_default_names_count_pools(implementation: Implementation) -> None:
    def number() -> int:
        with implementation.futures.ThreadPoolExecutor(1) as pool:
            name = pool.submit(lambda: stock_threading.current_thread().name).result(30)
        return int(re.fullmatch(r"ThreadPoolExecutor-(\d+)_0", name)[1])  # type: ignore[index]

    assert number() < number()


def test_shutdown_waits_for_all(implementation: Implementation, gate: Gate) -> None:
    pool, held = occupied(implementation, gate, 2)
    later = [pool.submit(abs, -number) for number in range(50)]
    pool.shutdown(wait=False)
    assert not any(future.done() for future in held + later)
    gate.go.set()
    pool.shutdown(wait=True)
    assert [future.result(0) for future in held + later] == [0, 1, *range(50)]
    assert not any(worker.is_alive() for worker in pool._threads)


def test_shutdown_blocks_until_the_tasks_end(
    implementation: Implementation, gate: Gate, wait_until_blocked: Callable[..., None]
) -> None:
    pool, _ = occupied(implementation, gate)
    later = pool.submit(int)
    thread = stock_threading.Thread(target=pool.shutdown, daemon=True)
    thread.start()
    # Joining a thread is a wait of the interpreter.
    wait_until_blocked([thread], implementation, registered=False)
    assert not later.done()
    gate.go.set()
    thread.join(30.0)
    assert later.result(0) == 0


def test_shutdown_cancels(implementation: Implementation, gate: Gate) -> None:
    pool, held = occupied(implementation, gate, 2)
    called: list[Any] = []
    pending = [pool.submit(int) for _ in range(20)]
    for future in pending:
        future.add_done_callback(called.append)
    pool.shutdown(wait=False, cancel_futures=True)
    assert called == pending
    assert all(future.cancelled() for future in pending)
    assert [future.cancel() for future in held] == [False, False]
    assert pool._work_queue.qsize() <= 1
    gate.go.set()
    pool.shutdown()
    assert [future.result(0) for future in held] == [0, 1]


def test_cancelled_tasks_do_not_run(implementation: Implementation, gate: Gate) -> None:
    pool, _ = occupied(implementation, gate)
    ran: list[int] = []
    futures = [pool.submit(ran.append, number) for number in range(10)]
    assert [future.cancel() for future in futures[::2]] == [True] * 5
    gate.go.set()
    pool.shutdown()
    assert ran == [1, 3, 5, 7, 9]
    assert [future.cancelled() for future in futures] == [True, False] * 5
    # The worker that came to it has notified those who wait.
    assert {future._state for future in futures[::2]} == {"CANCELLED_AND_NOTIFIED"}


def test_task_exception_keeps_its_traceback(implementation: Implementation) -> None:
    def named_task() -> None:
        raise LookupError("reason")

    with implementation.futures.ThreadPoolExecutor(1) as pool:
        error = pool.submit(named_task).exception(30)
    assert error is not None
    assert "named_task" in [frame.name for frame in traceback.extract_tb(error.__traceback__)]


def test_tasks_may_submit(implementation: Implementation) -> None:
    with implementation.futures.ThreadPoolExecutor(1) as pool:

        def countdown(number: int) -> Any:
            return pool.submit(countdown, number - 1) if number else "end"

        future = pool.submit(countdown, 50)
        while future != "end":
            future = future.result(30)
    assert future == "end"


def test_callbacks_may_submit(implementation: Implementation) -> None:
    ended = stock_threading.Event()
    with implementation.futures.ThreadPoolExecutor(1) as pool:
        first = pool.submit(int)
        first.add_done_callback(lambda _: pool.submit(ended.set))
        assert ended.wait(30.0)


def test_initializer_runs_once_in_each_worker(implementation: Implementation, gate: Gate) -> None:
    calls: list[Any] = []
    local = stock_threading.local()

    def initialize(*arguments: Any) -> None:
        local.value = arguments
        calls.append(stock_threading.current_thread())

    pool, _ = occupied(implementation, gate, 3, initializer=initialize, initargs=("a", 1))
    assert set(calls) == pool._threads
    gate.go.set()
    assert [pool.submit(lambda: local.value).result(30) for _ in range(9)] == [("a", 1)] * 9
    pool.shutdown()
    assert len(calls) == 3


def test_failing_initializer_breaks_the_pool(
    implementation: Implementation, stock: Implementation, caplog: pytest.LogCaptureFixture
) -> None:
    assert break_pool(implementation, caplog) == break_pool(stock, caplog)


def break_pool(implementation: Implementation, caplog: pytest.LogCaptureFixture) -> Any:
    """How everything ends in a pool whose initializer fails while tasks are there."""
    proceed = stock_threading.Event()

    def initialize() -> None:
        proceed.wait(30.0)
        raise LookupError("from the initializer")

    pool = implementation.futures.ThreadPoolExecutor(2, initializer=initialize)
    futures = [pool.submit(abs, -1) for _ in range(5)]
    caplog.clear()
    proceed.set()
    errors = [future.exception(30) for future in futures]
    with pytest.raises(stock_thread.BrokenThreadPool) as submitting:
        pool.submit(int)
    with pytest.raises(stock_thread.BrokenThreadPool) as mapping:
        pool.map(int, [1])
    pool.shutdown()
    records = {(record.levelname, record.getMessage(), record.exc_info[0]) for record in caplog.records}  # type: ignore[index]
    return (
        [(type(error), str(error)) for error in (*errors, submitting.value, mapping.value)],
        pool._broken,
        records,
    )


def test_map_submits_at_once_and_yields_in_order(implementation: Implementation, gate: Gate) -> None:
    pool, _ = occupied(implementation, gate, 1)
    taken: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(10):
            taken.append(number)
            yield number

    results = pool.map(abs, numbers())
    assert taken == list(range(10))
    assert pool._work_queue.qsize() == 10
    gate.go.set()
    assert list(results) == list(range(10))
    pool.shutdown()


@pytest.mark.skipif(not NEW_WORKERS, reason="buffersize came with Python 3.14")
def test_map_with_a_buffer_takes_what_it_needs(implementation: Implementation) -> None:
    taken: list[int] = []

    def numbers() -> Iterator[int]:
        number = 0
        while True:
            taken.append(number)
            yield number
            number += 1

    with implementation.futures.ThreadPoolExecutor(2) as pool:
        results = pool.map(abs, numbers(), buffersize=3)
        assert len(taken) == 3
        assert [next(results) for _ in range(4)] == [0, 1, 2, 3]
        assert len(taken) == 7
        results.close()


def test_map_that_is_left_cancels_the_rest(implementation: Implementation, gate: Gate) -> None:
    pool, _ = occupied(implementation, gate)
    ran: list[int] = []
    results = pool.map(ran.append, range(10), timeout=0)
    with pytest.raises(TimeoutError):
        next(results)
    assert next(results, "ended") == "ended"
    gate.go.set()
    pool.shutdown()
    assert ran == []


def test_map_that_is_closed_cancels_the_rest(implementation: Implementation, gate: Gate) -> None:
    with implementation.futures.ThreadPoolExecutor(1) as pool:
        calls: list[int] = []

        def task(number: int) -> int:
            calls.append(number)
            return gate(number) if number == 1 else number

        results = pool.map(task, range(10))
        assert next(results) == 0
        assert gate.begun.acquire(timeout=30.0)
        results.close()
        gate.go.set()
    assert calls == [0, 1]


def test_dropped_pool_ends_its_workers(implementation: Implementation, wait_until_blocked: Callable[..., None]) -> None:
    """Workers of a pool that nobody has any more do what is left and end."""
    for busy in (False, True):
        gate = Gate()
        pool, held = occupied(implementation, gate, 2)
        workers = list(pool._threads)
        later = [pool.submit(abs, -1) for _ in range(5)] if busy else []
        if not busy:
            gate.go.set()
            wait_until_blocked(workers, implementation)
        alive = weakref.ref(pool)
        del pool
        gate.go.set()
        gc.collect()
        for worker in workers:
            worker.join(30.0)
            assert not worker.is_alive()
        assert [future.result(0) for future in held + later] == [0, 1, *[1] * len(later)]
        gc.collect()
        assert alive() is None


def test_subclass_that_overrides_submit(implementation: Implementation) -> None:
    class Counting(implementation.futures.ThreadPoolExecutor):  # type: ignore[name-defined, misc]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.submitted: list[Any] = []

        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
            self.submitted.append((fn, args))
            return super().submit(fn, *args, **kwargs)

    with Counting(2) as pool:
        assert pool.submit(abs, -1).result(30) == 1
        # On stock map goes through submit, and tracers count on it.
        assert list(pool.map(abs, [-2, -3])) == [2, 3]
        assert pool.submitted == [(abs, (-1,)), (abs, (-2,)), (abs, (-3,))]


def test_submit_set_on_the_object_or_class(implementation: Implementation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tracing packages wrap ``submit`` of the class, and tests that of an object."""
    calls: list[Any] = []
    kind = implementation.futures.ThreadPoolExecutor
    original = kind.submit

    def submit(self: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        calls.append(fn)
        return original(self, fn, *args, **kwargs)

    monkeypatch.setattr(kind, "submit", submit)
    with kind(1) as pool:
        assert pool.submit(abs, -1).result(30) == 1
        assert list(pool.map(abs, [-2])) == [2]
        assert calls == [abs, abs]
        pool.submit = lambda *_: "mine"
        assert pool.submit(abs, -1) == "mine"
        del pool.submit


def test_subclass_that_starts_its_own_workers(implementation: Implementation) -> None:
    """The recipe of the pool of daemon threads: own threads that take from ``_work_queue``."""
    started: list[stock_threading.Thread] = []

    def work(items: Any) -> None:
        while True:
            item = items.get(block=True)
            if item is None:
                items.put(None)
                return
            item.run(*([NoContext()] if NEW_WORKERS else []))
            del item

    class Daemons(implementation.futures.ThreadPoolExecutor):  # type: ignore[name-defined, misc]
        def _adjust_thread_count(self) -> None:
            if len(self._threads) < self._max_workers:
                thread = stock_threading.Thread(target=work, args=(self._work_queue,), daemon=True)
                thread.start()
                started.append(thread)
                self._threads.add(thread)

    with Daemons(2) as pool:
        assert sorted(pool.map(abs, range(-20, 0))) == list(range(1, 21))
        failed = pool.submit(divmod, 1, 0)
        with pytest.raises(ZeroDivisionError):
            failed.result(30)
    assert len(started) == 2
    for thread in started:
        thread.join(30.0)


class NoContext:
    """What a work item needs of its worker since 3.14."""

    def run(self, task: Any) -> Any:
        function, arguments, keywords = task
        return function(*arguments, **keywords)


def test_recipe_with_the_standard_worker(implementation: Implementation) -> None:
    """The other recipe: threads of the program's own that run the standard library's ``_worker``."""

    class Recipe(implementation.futures.ThreadPoolExecutor):  # type: ignore[name-defined, misc]
        def _adjust_thread_count(self) -> None:
            if self._idle_semaphore.acquire(timeout=0):
                return

            def wake(_: Any, items: Any = self._work_queue) -> None:
                items.put(None)

            if len(self._threads) < self._max_workers:
                if NEW_WORKERS:
                    rest = (self._create_worker_context(), self._work_queue)
                else:
                    rest = (self._work_queue, self._initializer, self._initargs)
                thread = stock_threading.Thread(
                    name=f"mine_{len(self._threads)}",
                    target=stock_thread._worker,
                    args=(weakref.ref(self, wake), *rest),
                    daemon=True,
                )
                thread.start()
                self._threads.add(thread)
                stock_thread._threads_queues[thread] = self._work_queue

    with Recipe(2, initializer=int) as pool:
        names = {pool.submit(lambda: stock_threading.current_thread().name).result(30) for _ in range(10)}
        assert names <= {"mine_0", "mine_1"}
        assert list(pool.map(abs, [-1, -2])) == [1, 2]


def test_waiting_tasks_can_be_taken_out(implementation: Implementation, gate: Gate) -> None:
    """Before ``cancel_futures`` programs emptied the queue by hand."""
    pool, _ = occupied(implementation, gate)
    ran: list[int] = []
    futures = [pool.submit(ran.append, number) for number in range(10)]
    taken = []
    while True:
        try:
            taken.append(pool._work_queue.get_nowait())
        except stock_queue.Empty:
            break
    assert [item.future for item in taken] == futures
    assert [item.future.cancel() for item in taken] == [True] * 10
    gate.go.set()
    pool.shutdown()
    assert ran == []


def test_size_can_be_raised_by_hand(implementation: Implementation, gate: Gate) -> None:
    pool, _ = occupied(implementation, gate)
    pool._max_workers = 2
    future = pool.submit(int)
    assert future.result(30) == 0
    assert len(pool._threads) == 2
    gate.go.set()
    pool.shutdown()


def test_forgotten_threads_are_not_waited_for(implementation: Implementation, gate: Gate) -> None:
    """Programs clear these two sets so that nobody waits for a task that hangs."""
    pool, held = occupied(implementation, gate)
    workers = list(pool._threads)
    for worker in workers:
        del stock_thread._threads_queues[worker]
    pool._threads.clear()
    pool.shutdown(wait=True)
    assert not held[0].done()
    gate.go.set()
    assert held[0].result(30) == 0
    for worker in workers:
        worker.join(30.0)
        assert not worker.is_alive()


def test_generics_and_typing(implementation: Implementation, stock: Implementation) -> None:
    def ask(module: Any) -> Any:
        try:
            return str(module.ThreadPoolExecutor[int])
        except TypeError:
            return "not generic"

    assert ask(implementation.futures) == ask(stock.futures)


def test_own_logger_is_not_needed(implementation: Implementation) -> None:
    """Nothing is logged for a task that fails."""
    records: list[Any] = []
    handler = logging.Handler()
    handler.emit = records.append
    logging.getLogger("concurrent.futures").addHandler(handler)
    try:
        with implementation.futures.ThreadPoolExecutor(1) as pool:
            assert isinstance(pool.submit(divmod, 1, 0).exception(30), ZeroDivisionError)
    finally:
        logging.getLogger("concurrent.futures").removeHandler(handler)
    assert records == []
