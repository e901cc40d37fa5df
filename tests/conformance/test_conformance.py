"""Compares the outcome of CPython's own tests, bound to us, with the recorded list of this version.

A change in either direction fails: a test that no longer passes is a regression, one that now passes must leave
the list of those that do not, and a test the list does not know must be looked at.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import ChildResult

ROOT = Path(__file__).parents[2]
TIME_BOX = 900.0
COMMAND = [sys.executable, "-m", "tests.conformance.run"]

# Ours are bound by attribute in a process that stays on the standard library, and in one that is switched as a whole.
RUNS = {
    "stock": (["--implementation", "stock"], {}),
    "raddle": (["--implementation", "raddle"], {}),
    "switched": (["--implementation", "raddle"], {"RADDLE_INSTALL": "1"}),
}


@pytest.mark.parametrize("run", RUNS)
def test_outcomes_are_the_recorded_ones(run: str, results: dict[str, Future[ChildResult]], recorded: list[str]) -> None:
    """Every test ends as recorded; the stock run shows that CPython itself does what the list asks for."""
    result = results[run].result()
    assert result.returncode == 0, result.describe()
    actual = without_reasons(result.stdout.splitlines())
    expected = without_reasons(recorded)
    changed = sorted(actual.items() ^ expected.items(), key=lambda change: change[0])
    assert not changed, f"now: {dict(actual.items() - expected.items())}\n" + result.describe()


def test_every_exception_has_a_reason(recorded: list[str]) -> None:
    """A recorded test that does not pass says why."""
    silent = [line for line in recorded if not line.startswith("ok ") and "#" not in line]
    assert not silent, silent


def test_the_list_is_not_empty(recorded: list[str]) -> None:
    """The suites were found: every bound class is in the list."""
    classes = {name.partition(".")[0] for name in without_reasons(recorded)}
    assert len(classes) == 13, classes


@pytest.fixture(scope="module")
def results(run_python: Callable[..., ChildResult]) -> Iterator[dict[str, Future[ChildResult]]]:
    """The runs, started together because these suites mostly sleep."""
    with ThreadPoolExecutor(len(RUNS)) as pool:
        yield {
            name: pool.submit(
                run_python,
                [*COMMAND, *options],
                environment=environment,
                time_box=TIME_BOX,
                directory=ROOT,
            )
            for name, (options, environment) in RUNS.items()
        }


@pytest.fixture(scope="module")
def recorded(run_python: Callable[..., ChildResult]) -> list[str]:
    """The lines of the list for the running version."""
    result = run_python([*COMMAND, "--recorded"], directory=ROOT)
    assert result.returncode == 0, result.describe()
    return result.stdout.splitlines()


def without_reasons(lines: list[str]) -> dict[str, str]:
    """Maps each test to its outcome."""
    pairs = (line.partition("#")[0].split() for line in lines)
    return {name: outcome for outcome, name in pairs}
