"""What `raddle bench` measures is done rightly on both libraries, and wrong work is refused. No time is looked at."""

from __future__ import annotations

import threading

import pytest

from raddle._bench import rows as catalogue
from raddle._bench.measure import Job, Library, Row, compare, seconds

STOCK, OURS = catalogue.libraries()

# Divisible by the numbers of threads of all rows.
FEW = 64


@pytest.mark.parametrize("library", [STOCK, OURS], ids=["stock", "raddle"])
@pytest.mark.parametrize("row", catalogue.ALL, ids=lambda row: row.name)
def test_row_has_the_right_result(row: Row, library: Library) -> None:
    assert seconds(row, library, FEW) > 0


def test_names_are_unique() -> None:
    names = [row.name for row in catalogue.ALL]
    assert len(set(names)) == len(names)


def test_the_quick_rows_are_among_all() -> None:
    assert [row for row in catalogue.ALL if row in catalogue.QUICK] == catalogue.QUICK


def test_rows_of_a_series_differ_in_threads() -> None:
    points = [(row.primitive, row.series, row.threads) for row in catalogue.ALL if row.series]
    assert points
    assert len(set(points)) == len(points)


def test_names_choose_rows_in_either_case() -> None:
    chosen = catalogue.chosen(["queue", "SEM"], catalogue.ALL)
    assert {row.primitive for row in chosen} == {"Queue", "Semaphore"}
    assert catalogue.chosen([], catalogue.QUICK) == catalogue.QUICK
    assert catalogue.chosen(["nothing"], catalogue.ALL) == []


def test_figures_fit_each_other() -> None:
    row = next(row for row in catalogue.QUICK if row.name == "Event: set, is_set, clear")
    result = compare(row, STOCK, OURS, rounds=3, length=0.001)
    assert 0 < result.stock_least <= result.stock
    assert 0 < result.ours_least <= result.ours
    assert 0 < result.low <= result.ratio <= result.high
    assert result.as_json() | {"primitive": "Event", "threads": 1, "ratio": result.ratio} == result.as_json()


def test_a_wrong_result_is_refused() -> None:
    row = Row("Lock", "wrong", lambda *_: Job([int], lambda: False))
    with pytest.raises(AssertionError, match=r"Lock: wrong: wrong result on raddle"):
        seconds(row, OURS, FEW)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_fails_is_refused() -> None:
    row = Row("Lock", "fails", lambda *_: Job([int, lambda: int("no number")], lambda: True))
    with pytest.raises(AssertionError, match="a thread of the work has failed"):
        seconds(row, OURS, FEW)


def test_no_thread_is_left_when_one_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    start = threading.Thread.start
    started: list[threading.Thread] = []

    def start_two(thread: threading.Thread) -> None:
        if len(started) == 2:
            raise KeyboardInterrupt
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_two)
    row = Row("Lock", "interrupted", lambda *_: Job([int] * 3, lambda: True))
    with pytest.raises(KeyboardInterrupt):
        seconds(row, OURS, FEW)
    for thread in started:
        thread.join(30.0)
        assert not thread.is_alive()
