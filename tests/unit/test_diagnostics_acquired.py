"""Where a lock was acquired, read from the stack of who has it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from raddle import diagnostics, threading
from raddle.diagnostics._acquired import acquired_at


class Account:
    def __init__(self) -> None:
        self.lock = threading.Lock()


def held_at() -> list[tuple[str, int, str] | None]:
    """Returns, of each lock that this thread holds, where the callers of this have acquired it."""
    ident, caller = threading.get_ident(), sys._getframe(1)
    frames = [caller] if caller.f_back is None else [caller, caller.f_back]
    (own,) = [thread for thread in diagnostics.snapshot().threads if thread.ident == ident]
    return [acquired_at(held.object, frames) for held in own.holds]


def inside_with() -> tuple[Any, int]:
    lock = threading.Lock()
    line = sys._getframe().f_lineno + 1
    with lock:
        return held_at(), line


def inside_two() -> tuple[Any, int]:
    lock, other = threading.Lock(), threading.RLock()
    line = sys._getframe().f_lineno + 1
    with other, lock:
        places = held_at()
    assert len(places) == 2
    assert places[0] == places[1]
    return places[:1], line


def inside_of_an_attribute() -> tuple[Any, int]:
    account = Account()
    line = sys._getframe().f_lineno + 1
    with account.lock:
        return held_at(), line


def inside_of_a_list() -> tuple[Any, int]:
    locks, which = [threading.Lock(), threading.Lock()], 1
    line = sys._getframe().f_lineno + 1
    with locks[which]:
        return held_at(), line


def inside_of_a_condition() -> tuple[Any, int]:
    condition = threading.Condition()
    line = sys._getframe().f_lineno + 1
    with condition:
        return held_at(), line


def by_a_call() -> tuple[Any, int]:
    lock = threading.Lock()
    line = sys._getframe().f_lineno + 1
    lock.acquire()
    try:
        return held_at(), line
    finally:
        lock.release()


@pytest.mark.parametrize(
    "case", [inside_with, inside_two, inside_of_an_attribute, inside_of_a_list, inside_of_a_condition, by_a_call]
)
def test_the_stack_says_where(case: Callable[[], tuple[Any, int]]) -> None:
    places, line = case()
    assert places == [(__file__, line, case.__name__)]


def test_what_the_stack_does_not_say_is_not_guessed() -> None:
    lock = threading.Lock()
    if lock.acquire(False):
        lock.release()
    lock.acquire()
    places = held_at()
    lock.release()
    # It may have been either of them.
    assert places == [None]


def test_another_lock_of_the_same_statement_is_not_meant() -> None:
    lock, other = threading.Lock(), threading.Lock()
    elsewhere = [lock]
    elsewhere.pop().acquire()
    line = sys._getframe().f_lineno + 1
    with other:
        places = held_at()
    lock.release()
    assert sorted(places, key=lambda place: place is None) == [
        (__file__, line, "test_another_lock_of_the_same_statement_is_not_meant"),
        None,
    ]


def test_a_report_says_where_the_other_acquired_it() -> None:
    here, there, ready = threading.RLock(), threading.RLock(), threading.Barrier(2)
    reports: list[str] = []

    def take(first: Any, second: Any) -> None:
        try:
            with first:
                ready.wait()
                with second:
                    pass
        except diagnostics.DeadlockError as error:
            reports.append(str(error))

    threads = [threading.Thread(target=take, args=pair) for pair in ((here, there), (there, here))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (report,) = reports
    line = take.__code__.co_firstlineno + 2
    assert report.count(f'It was acquired in File "{__file__}", line {line}, in take') == 2
