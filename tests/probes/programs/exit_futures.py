"""The main thread ends while daemon threads wait for futures, or run Python code below our calls for futures.

Usage: ``exit_futures.py CASE``, or without a case to list them. The process must end with exit code 0 and say nothing.
"""

import sys
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, as_completed, wait
from typing import Any

import harness
from exit_blocked import TIMEOUT, Inside, blocked_in, busy, python_below


def opened(future: Future) -> Future:
    """A future that a program has reached into."""
    with future._condition:
        return future


def callback(body: str, end: Callable[[Future], Any], *, before: bool = True) -> None:
    """A callback that does not return, run by the call that ends the future, or by ``add_done_callback``."""
    inside = Inside()

    def use() -> None:
        future: Future = Future()
        if before:
            future.add_done_callback(getattr(inside, body))
            end(future)
        else:
            end(future)
            future.add_done_callback(getattr(inside, body))

    python_below(inside, use, 2)


def repr_of_subclass() -> None:
    """The repr of a subclass, which an error's message needs, that does not return."""
    inside = Inside()

    class Named(Future):
        def __repr__(self) -> str:
            inside.loop()
            return ""

    def use() -> None:
        future = Named()
        future.set_result(None)
        future.set_result(None)

    python_below(inside, use)


def finalizer_of_result() -> None:
    """The finalizer of a result, run when its future goes, that does not return."""
    inside = Inside()

    class Result:
        def __del__(self) -> None:
            inside.loop()

    def use() -> None:
        future: Future = Future()
        future.set_result(Result())
        del future

    python_below(inside, use)


def finalizer_of_callback() -> None:
    """The finalizer of a callback that is never called, that does not return."""
    inside = Inside()

    class Callback:
        def __call__(self, future: Future) -> None:
            pass

        def __del__(self) -> None:
            inside.loop()

    def use() -> None:
        future: Future = Future()
        future.add_done_callback(Callback())
        del future

    python_below(inside, use)


def iterable_of(function: Callable[[Any], Any]) -> None:
    """An iterable of futures that does not return."""
    inside = Inside()

    def futures() -> Any:
        yield Future()
        inside.loop()

    python_below(inside, lambda: function(futures()))


def submitting() -> None:
    """Daemon threads that use a pool all the time; at exit the pool refuses them."""
    pool = ThreadPoolExecutor(2)

    def submit() -> None:
        try:
            pool.submit(abs, -1).result()
        except RuntimeError as error:
            assert "cannot schedule new futures" in str(error)
            while True:
                Future().result()

    busy(submit, submit)


def set_and_wait() -> None:
    """Daemon threads that make, end and wait for futures all the time."""

    def one() -> None:
        future: Future = Future()
        future.add_done_callback(lambda _: None)
        future.set_result(1)
        wait([future, Future()], 0.0005, FIRST_COMPLETED)

    def other() -> None:
        try:
            Future().result(0.0005)
        except TimeoutError:
            pass

    busy(one, other)


def task_of_pool() -> None:
    """Daemon threads wait for a task that ends when the interpreter has begun to: all are woken at that moment."""
    ending = threading.Event()
    pool = ThreadPoolExecutor(1)
    future = pool.submit(ending.wait)
    # What was registered last is called first: before the pool's threads are joined.
    threading._register_atexit(ending.set)
    blocked_in(future.result)


def all_at_once() -> None:
    """Threads at every place, but for the busy ones, which would keep the others from getting there."""
    for leave in CASES.values():
        if leave not in (all_at_once, submitting, set_and_wait):
            leave()


CASES: dict[str, Callable[[], None]] = {
    "Future.result()": lambda: blocked_in(Future().result),
    "Future.result(timeout)": lambda: blocked_in(lambda future=Future(): future.result(TIMEOUT)),
    "Future.exception()": lambda: blocked_in(Future().exception),
    "Future.result(), opened": lambda: blocked_in(opened(Future()).result),
    "wait()": lambda: blocked_in(lambda futures=[Future(), Future()]: wait(futures)),
    "wait(timeout)": lambda: blocked_in(lambda future=Future(): wait([future], TIMEOUT, FIRST_COMPLETED)),
    "as_completed()": lambda: blocked_in(lambda future=Future(): list(as_completed([future]))),
    "as_completed(timeout)": lambda: blocked_in(lambda future=Future(): list(as_completed([future], TIMEOUT))),
    "set_result, the callback sleeps": lambda: callback("sleep", lambda future: future.set_result(1)),
    "set_result, the callback loops": lambda: callback("loop", lambda future: future.set_result(1)),
    "set_exception, the callback loops": lambda: callback("loop", lambda future: future.set_exception(KeyError())),
    "cancel, the callback loops": lambda: callback("loop", Future.cancel),
    "cancel of an opened one, the callback loops": lambda: callback("loop", lambda future: opened(future).cancel()),
    "add_done_callback, the callback loops": lambda: callback("loop", Future.cancel, before=False),
    "InvalidStateError, the repr loops": repr_of_subclass,
    "Future that goes, the result's finalizer loops": finalizer_of_result,
    "Future that goes, the callback's finalizer loops": finalizer_of_callback,
    "wait, the iterable loops": lambda: iterable_of(wait),
    "as_completed, the iterable loops": lambda: iterable_of(lambda futures: list(as_completed(futures))),
    "busy with a pool": submitting,
    "busy with futures": set_and_wait,
    "woken by a pool at exit": task_of_pool,
    "all at once": all_at_once,
}

if __name__ == "__main__":
    if len(sys.argv) == 1:
        print(*CASES, sep="\n")
    else:
        harness.start()
        CASES[sys.argv[1]]()
