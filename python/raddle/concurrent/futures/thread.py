"""The standard library's `concurrent.futures.thread` with raddle's thread pool in it."""

# What the type checkers know of the standard library's module is less than what there is.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportAttributeAccessIssue=false
# pyright: reportUnknownArgumentType=false, reportUnusedImport=false

from __future__ import annotations

import os
import sys
import threading
import weakref
from concurrent.futures import thread as _stock_module

from raddle import _facade, _install, _native
from raddle.concurrent.futures import _future
from raddle.queue import SimpleQueue as _SimpleQueue
from raddle.threading import Lock as _Lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_stock: Any = _stock_module

# Kept, because `raddle.install()` puts ours in its place.
_StockExecutor = _stock_module.ThreadPoolExecutor


class ThreadPoolExecutor(_native.ThreadPoolExecutor, _StockExecutor):
    """A pool of threads that make calls: at most `max_workers`, started as they are needed.

    `submit` gives a call to an idle worker if there is one; else it starts a worker if there may be
    more; else the call waits for its turn. Idle workers get calls in the order in which they became
    idle, and calls that wait are made in the order in which they were submitted.

    `initializer(*initargs)` is called in each worker before its first call. If it raises, the pool is
    broken: calls that wait, and all later ones, raise `BrokenThreadPool`.

    Fork: in a forked child the pool has no workers and no calls that wait; it takes new ones.

    Differences from CPython: a subclass or an object that replaces `_adjust_thread_count`,
    `prepare_context`, `_work_queue`, `_threads` or `_shutdown_lock` runs the standard library's
    algorithm.
    """

    # What the native part was opened with.
    _parts: tuple[Any, Any, Any] | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in vars(self):
            value = _native_instead(value)
        super().__setattr__(name, value)
        if name in _MIRRORED:
            self._mirror()

    def _mirror(self) -> None:
        """Open the native part while the executor takes calls in the way of this class, and close it else."""
        own = vars(self)
        if not own.keys() >= _PARTS:
            # It is being made.
            return
        parts = _parts_of(self)
        takes_calls = not (own["_shutdown"] or own["_broken"])
        if self._parts is None and _is_of_our_kind(self, parts):
            _executors[id(self)] = self
            own["_parts"] = parts
        if takes_calls and self._parts is not None and all(map(_is, self._parts, parts)):
            # Rounded up, as the standard library's comparison does.
            self._open(*parts, int(-(-min(own["_max_workers"], sys.maxsize) // 1)))
        else:
            self._close()

    def _adjust_thread_count(self) -> None:
        if self._parts is None or not all(map(_is, self._parts, _parts_of(self))):
            _StockExecutor._adjust_thread_count(self)
            return
        threads: Any = self._threads
        number = len(threads)
        if number >= self._max_workers:
            return
        queue: Any = self._work_queue
        reference = weakref.ref(self, lambda _, put=queue.put: put(None))
        worker = threading.Thread(
            name=f"{self._thread_name_prefix or self}_{number}",
            target=_work,
            args=(reference, queue, _context_of(self)),
        )
        worker.start()
        threads.add(worker)
        _stock._threads_queues[worker] = queue

    def _submit_task(self, task: _native._WorkItem) -> Any:
        """Queue a task for which there is no idle worker, or not in the native part's way."""
        queue: Any = self._work_queue
        with self._shutdown_lock, _stock._global_shutdown_lock:
            if not (self._broken or self._shutdown or _stock._shutdown):
                if not queue._try_hand(task):
                    queue.put(task)
                    self._adjust_thread_count()
                return task.future
        # It says what is the matter.
        return _submit(self, (task.fn, *task.args), task.kwargs)


def _submit(executor: ThreadPoolExecutor, args: tuple[Any, ...], kwargs: dict[str, Any] | None = None) -> Any:
    """Submit in the standard library's way."""
    return _StockExecutor.submit(executor, *args, **(kwargs or {}))


def _is(one: object, other: object) -> bool:
    return one is other


def _parts_of(executor: ThreadPoolExecutor) -> tuple[Any, Any, Any]:
    return (executor._work_queue, executor._shutdown_lock, executor._threads)


def _is_of_our_kind(executor: ThreadPoolExecutor, parts: tuple[Any, Any, Any]) -> bool:
    queue, lock, threads = parts
    kind = type(executor)
    return (
        type(queue) is _SimpleQueue
        and type(lock) is _native.lock
        and type(threads) is set
        and "_adjust_thread_count" not in vars(executor)
        and kind._adjust_thread_count is ThreadPoolExecutor._adjust_thread_count
        and _prepares_as_ours(kind)
        and _algorithm() == _ALGORITHM
    )


def _algorithm() -> tuple[object, ...]:
    """Return what a tool may have replaced to see, or to change, how calls are made."""
    ours = _future.Future
    return (
        _stock._worker,
        _stock._WorkItem,
        _stock._WorkItem.run,
        _stock._base.Future in (ours, _future._STOCK_FUTURE),
        ours.set_running_or_notify_cancel,
        ours.set_result,
        ours.set_exception,
    )


_ALGORITHM = _algorithm()


def _native_instead(value: Any) -> Any:
    """Return what the standard library's `__init__` would have made of our classes."""
    kind: Any = type(value)
    if kind.__module__ == "_queue" and kind is not _SimpleQueue:
        return _SimpleQueue()
    if kind.__module__ == "_thread" and hasattr(value, "locked") and kind is not _native.lock:
        return _Lock()
    return value


_PARTS = {"_work_queue", "_shutdown_lock", "_threads", "_shutdown", "_broken", "_max_workers"}
_MIRRORED = {*_PARTS, "_adjust_thread_count"}

# By their ids, because a subclass may say that its objects are equal.
_executors: weakref.WeakValueDictionary[int, ThreadPoolExecutor] = weakref.WeakValueDictionary()


# Kept, because a finalizer may undo what the parent still needs.
_of_the_parent: list[Any] = []


def _forget_workers() -> None:
    """In a forked child: its executors start anew. What the parent has queued is the parent's."""
    for executor in list(_executors.values()):
        queue, lock, threads = executor._parts or _parts_of(executor)
        lock._at_fork_reinit()
        # The thread that forked may be a worker.
        threads.intersection_update({threading.current_thread()})
        while not queue.empty():
            _of_the_parent.append(queue.get_nowait())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_workers)


def _end_executors() -> None:
    """Before the interpreter waits for the workers: each call is looked at in the standard library's way."""
    _native._end_executors()
    for executor in list(_executors.values()):
        # Whoever was in the middle of a call without looking is through when the lock is to be had.
        if executor._shutdown_lock.acquire(timeout=5):
            executor._shutdown_lock.release()


# The standard library's function is called after this one: it was registered before.
_stock.threading._register_atexit(_end_executors)


class _Context:
    """What calls the initializer: from 3.14 on the standard library has such objects itself."""

    def __init__(self, initializer: Any, arguments: Any) -> None:
        self._initializer = initializer
        self._arguments = arguments

    def initialize(self) -> None:
        if self._initializer is not None:
            self._initializer(*self._arguments)

    def finalize(self) -> None:
        pass


if sys.version_info >= (3, 14):

    def _prepares_as_ours(kind: type[ThreadPoolExecutor]) -> bool:
        return kind.prepare_context.__func__ is _StockExecutor.prepare_context.__func__

    def _context_of(executor: ThreadPoolExecutor) -> Any:
        return executor._create_worker_context()

    def _run_foreign(item: Any, context: Any) -> None:
        item.run(context)

else:

    def _prepares_as_ours(_kind: type[ThreadPoolExecutor]) -> bool:
        return True

    def _context_of(executor: ThreadPoolExecutor) -> Any:
        return _Context(executor._initializer, executor._initargs)

    def _run_foreign(item: Any, _context: Any) -> None:
        item.run()


def _work(reference: Any, queue: Any, context: Any) -> None:
    """Work, as a thread of the pool: run tasks until it is woken without one and is not wanted any more."""
    try:
        context.initialize()
    except BaseException:
        _stock._base.LOGGER.critical("Exception in initializer:", exc_info=True)
        executor = reference()
        if executor is not None:
            executor._initializer_failed()
        return
    run_next = queue._run_next
    try:
        while True:
            # In a loop of Python code the interpreter lets other threads run in between.
            while (item := run_next()) is True:
                pass
            if item is not None:
                _run_foreign(item, context)
                del item
                continue
            executor = reference()
            if _stock._shutdown or executor is None or executor._shutdown:
                if executor is not None:
                    executor._shutdown = True
                # The next worker's turn.
                queue.put(None)
                return
            del executor
    except BaseException:
        _stock._base.LOGGER.critical("Exception in worker", exc_info=True)
    finally:
        context.finalize()


def _run(task: Any, ctx: object = None) -> None:  # noqa: ARG001  (the standard library's signature)
    """`run` of a task, for who calls it by hand, or when its future is not as it should be."""
    future = task.future
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = task.fn(*task.args, **task.kwargs)
    except BaseException as error:
        future.set_exception(error)
        # The exception has this frame in its traceback.
        del task, future
    else:
        future.set_result(result)


# What the native methods leave to Python code.
_native._lend("ThreadPoolExecutor.submit", _submit)
_native._lend("ThreadPoolExecutor._submit_task", ThreadPoolExecutor._submit_task)
_native._lend("_WorkItem.run", _run)

_switched: tuple[tuple[object, object], ...] = ((_StockExecutor, ThreadPoolExecutor),)

_facade.pass_for(_StockExecutor.__module__, ThreadPoolExecutor)
_facade.show_through(__name__)

# If this import was what brought the standard module into a switched process.
_install._switch(_stock)
