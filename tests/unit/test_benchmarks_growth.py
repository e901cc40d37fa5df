"""The growth benchmarks do what they say, on both libraries. No time and no memory is looked at."""

from __future__ import annotations

import sys

import pytest
from benchmarks.python import growth

from raddle._bench.measure import Library
from raddle._bench.rows import libraries

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="they ask Linux for the memory")


@pytest.mark.parametrize("library", libraries(), ids=["stock", "raddle"])
@pytest.mark.parametrize("name", growth.GROWING)
def test_work_has_the_right_result(name: str, library: Library) -> None:
    growing = growth.GROWING[name]
    meter = growth.Meter(growing.clock)
    growing.work(library, 20, meter)
    assert meter.seconds > 0
    assert meter.peak >= meter.held


def test_a_size_is_measured_in_processes_of_its_own() -> None:
    ((stock, ours),) = growth.measure(growth.GROWING["Future: pending"], [50], repeats=1)
    assert (stock.size, ours.size) == (50, 50)
    assert stock.time > 0
    assert ours.time > 0


def test_of_several_runs_the_least_time_and_the_median_of_the_memory_count() -> None:
    runs = [
        growth.Size(10, time, held, peak) for time, held, peak in ((3.0, 5.0, 8.0), (1.0, 4.0, 9.0), (2.0, 6.0, 7.0))
    ]
    assert growth.typical(runs) == growth.Size(10, 1.0, 5.0, 8.0)


def test_the_last_line_is_the_largest_to_the_smallest(capsys: pytest.CaptureFixture[str]) -> None:
    small = (growth.Size(10, 4.0, 100.0, 200.0), growth.Size(10, 2.0, 0.0, 50.0))
    large = (growth.Size(1000, 6.0, 100.0, 100.0), growth.Size(1000, 2.0, 8.0, 60.0))
    growth.show("Made up", [small, large])
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2].split() == ["1,000", "6", "2", "100", "8", "100", "60"]
    assert lines[-1].split() == ["last", "to", "first", "1.50", "1.00", "1.00", "-", "0.50", "1.20"]
