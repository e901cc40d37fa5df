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
from tests.conformance import run, testpackage

if TYPE_CHECKING:
    from conftest import ChildResult

# The runs are made once, for all tests.
pytestmark = pytest.mark.xdist_group("conformance")

ROOT = Path(__file__).parents[2]
TIME_BOX = 900.0
COMMAND = [sys.executable, "-m", "tests.conformance.run"]

# How many classes each group binds.
GROUPS = {"primitives": 13, "futures": 7}

# Ours are bound by attribute in a process that stays on the standard library, and in one that is switched as a whole.
RUNS = {
    "stock": (["--implementation", "stock"], {}),
    "raddle": (["--implementation", "raddle"], {}),
    "switched": (["--implementation", "raddle"], {"RADDLE_INSTALL": "1"}),
}


@pytest.mark.parametrize("how", RUNS)
@pytest.mark.parametrize("group", GROUPS)
def test_outcomes_are_the_recorded_ones(
    group: str, how: str, results: Results, recorded: Recorded, report_figure: Callable[[str], None]
) -> None:
    """Every test ends as recorded; the stock run shows that CPython itself does what the list asks for."""
    result = results[group, how].result()
    assert result.returncode == 0, result.describe()
    for line in result.stderr.splitlines():
        if line.startswith(run.TRIED_AGAIN):
            report_figure(f"bound suites on {how}: {line}")
    actual = without_reasons(result.stdout.splitlines())
    expected = without_reasons(recorded[group])
    changed = sorted(actual.items() ^ expected.items(), key=lambda change: change[0])
    assert not changed, f"now: {dict(actual.items() - expected.items())}\n" + result.describe()


@pytest.mark.parametrize("group", GROUPS)
def test_every_exception_has_a_reason(group: str, recorded: Recorded) -> None:
    """A recorded test that does not pass says why."""
    silent = [line for line in recorded[group] if not line.startswith("ok ") and "#" not in line]
    assert not silent, silent


@pytest.mark.parametrize("group", GROUPS)
def test_the_list_is_not_empty(group: str, recorded: Recorded) -> None:
    """The suites were found: every bound class is in the list."""
    classes = {name.partition(".")[0] for name in without_reasons(recorded[group])}
    assert len(classes) == GROUPS[group], classes


Results = dict[tuple[str, str], "Future[ChildResult]"]
Recorded = dict[str, list[str]]


@pytest.fixture(scope="module")
def results(run_python: Callable[..., ChildResult]) -> Iterator[Results]:
    """The runs, started together because these suites mostly sleep."""
    with ThreadPoolExecutor(len(GROUPS) * len(RUNS)) as pool:
        yield {
            (group, name): pool.submit(
                run_python,
                [*COMMAND, "--group", group, *options],
                environment=environment,
                time_box=TIME_BOX,
                directory=ROOT,
            )
            for group in GROUPS
            for name, (options, environment) in RUNS.items()
        }


@pytest.fixture(autouse=True)
def group_can_be_had(request: pytest.FixtureRequest) -> None:
    """Leaves the futures out where CPython's installation left their tests out and no package has them."""
    missing = testpackage.why_missing()
    if request.node.callspec.params["group"] == "futures" and missing is not None:
        pytest.skip(missing)


@pytest.fixture(scope="module")
def recorded(results: Results) -> Recorded:
    """The lines of each group's list for the running version; without a list, those of the stock run."""
    return {
        group: run.recorded_outcomes(group) or results[group, "stock"].result().stdout.splitlines() for group in GROUPS
    }


def without_reasons(lines: list[str]) -> dict[str, str]:
    """Maps each test to its outcome."""
    pairs = (line.partition("#")[0].split() for line in lines)
    return {name: outcome for outcome, name in pairs}
