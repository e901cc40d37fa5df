"""`wait` and `as_completed`, for futures of ours and of any other kind."""

from __future__ import annotations

import time
from concurrent.futures import _base

from raddle import _facade, _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

# Kept, because `raddle.install()` puts ours in their place.
_STOCK_WAIT = _base.wait
_STOCK_AS_COMPLETED = _base.as_completed

_SETTLED = (_base.CANCELLED_AND_NOTIFIED, _base.FINISHED)


def wait(fs: Iterable[Any], timeout: float | None = None, return_when: str = _base.ALL_COMPLETED) -> Any:
    """Wait for the first, the first that fails, or all of the futures.

    Return two sets, `done` and `not_done`. A future that was cancelled is done when its executor has
    come across it.

    `return_when` is `FIRST_COMPLETED`, `FIRST_EXCEPTION` (which is also over when all are done) or
    `ALL_COMPLETED`.

    Timeouts: in seconds, `None` waits without end. When the time is over, the sets say what is done.

    Guarantee: the thread is woken once, when it is over, not for each future.
    """
    futures = set(fs)
    done = _settled(list(futures))
    goes_on = not _is_over(done, futures, return_when)
    # Who need not wait does not look at the timeout, as in the standard library.
    deadline = _deadline(timeout) if goes_on else None
    while goes_on:
        pending = list(futures - done)
        is_in_time = _count_down(pending, return_when, deadline)
        done |= _settled(pending)
        # Over; unless a future went over to the standard library's algorithm, and has to be asked anew.
        goes_on = is_in_time and not _is_over(done, futures, return_when)
    return _base.DoneAndNotDoneFutures(done, futures - done)


def as_completed(fs: Iterable[Any], timeout: float | None = None) -> Iterator[Any]:
    """Yield each of the futures when it is finished, or was cancelled and its executor has come across it.

    Those that are finished already come first. A future that is given twice is yielded once, and no
    reference is kept to one that was yielded.

    Timeouts: in seconds from the first `next()`, `None` waits without end. Raises `TimeoutError` when
    a future is not finished by then.
    """
    deadline = _deadline(timeout)
    futures = dict(enumerate(set(fs)))
    del fs
    count = len(futures)
    completions = _native.Completions()
    waiters: dict[int, _Waiter] = {}

    def ask(index: int) -> None:
        waiters[index] = _Waiter(lambda _: completions.put(index))
        waiters[index].install(futures[index])

    try:
        for index in completions.watch(list(futures.values())):
            ask(index)
        while futures:
            settled = completions.get(_remaining(deadline))
            if settled is None:
                message = f"{len(futures)} (of {count}) futures unfinished"
                raise TimeoutError(message)
            if settled not in futures:
                continue
            if futures[settled]._state in _SETTLED:
                waiters.pop(settled, None)
                yield futures.pop(settled)
            else:
                # It went over to the standard library's algorithm.
                ask(settled)
    finally:
        completions.unwatch(list(futures.values()))
        for index, waiter in waiters.items():
            waiter.uninstall(futures[index])


class _Waiter:
    """What stands among the `_waiters` of a future that runs the standard library's algorithm."""

    def __init__(self, settled: Callable[[bool], None]) -> None:
        # Called once, with whether the future has failed.
        self._settled = settled

    def install(self, future: Any) -> None:
        with future._condition:
            if future._state not in _SETTLED:
                future._waiters.append(self)
                return
        self._settled(_has_failed(future))

    def uninstall(self, future: Any) -> None:
        with future._condition:
            if self in future._waiters:
                future._waiters.remove(self)

    def add_result(self, _future: Any) -> None:
        self._settled(False)

    def add_exception(self, _future: Any) -> None:
        self._settled(True)

    def add_cancelled(self, _future: Any) -> None:
        self._settled(False)


def _count_down(pending: list[Any], return_when: str, deadline: float | None) -> bool:
    """Wait until the condition may be met. Return False if it was not by the deadline."""
    count = 1 if return_when == _base.FIRST_COMPLETED else len(pending)
    countdown = _native.Countdown(count, return_when == _base.FIRST_EXCEPTION)
    waiters: list[tuple[Any, _Waiter]] = []
    try:
        for index in countdown.watch(pending):
            waiters.append((pending[index], _Waiter(countdown.count)))
            waiters[-1][1].install(pending[index])
        return countdown.wait(_remaining(deadline))
    finally:
        countdown.unwatch(pending)
        for future, waiter in waiters:
            waiter.uninstall(future)


def _is_over(done: set[Any], futures: set[Any], return_when: str) -> bool:
    if return_when == _base.FIRST_COMPLETED and done:
        return True
    if return_when == _base.FIRST_EXCEPTION and any(map(_has_failed, done)):
        return True
    if len(done) == len(futures):
        return True
    if return_when not in (_base.FIRST_COMPLETED, _base.FIRST_EXCEPTION, _base.ALL_COMPLETED):
        # In the standard library's words.
        message = f"Invalid return condition: {return_when!r}"
        raise ValueError(message)
    return False


def _settled(futures: list[Any]) -> set[Any]:
    settled, others = _native._settled(futures)
    return {*settled, *(futures[index] for index in others if futures[index]._state in _SETTLED)}


def _has_failed(future: Any) -> bool:
    return not future.cancelled() and future.exception() is not None


def _deadline(timeout: float | None) -> float | None:
    return None if timeout is None else time.monotonic() + timeout


def _remaining(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, deadline - time.monotonic())


_facade.pass_for(_base.__name__, wait, as_completed)
