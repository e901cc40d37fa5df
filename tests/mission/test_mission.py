"""The nine programs of the mission document, unmodified, under ``python`` and under ``raddle run``.

Both must write the same lines (the order of threads aside), end with the same exit code and leave stderr empty.
A third run asserts from inside the process that the classes were native.

Three programs race with themselves, on any implementation. A run in which the output *shows* that the race went
the other way says nothing about us and is repeated, a bounded number of times; any other difference fails at once:

- ``06_condition`` hangs for ever when the notification comes before a thread waits: its line "is notifying" then
  stands before a line "is waiting", because all three are printed with the condition held.
- ``03_daemon`` may end before its daemon thread has printed its first line, or the end of that line.
- where threads print at the same time, two lines may interleave: the text and the line end are written separately.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import ChildResult

# The runs are made once, for all tests.
pytestmark = pytest.mark.xdist_group("mission")

FOLDER = Path(__file__).parent
PROGRAMS = sorted(FOLDER.glob("0*.py"))
TIME_BOX = 90.0
ATTEMPTS = 25


@pytest.mark.parametrize("program", [path.stem for path in PROGRAMS])
def test_same_output_as_python(program: str, runs: Runs) -> None:
    """Under ``raddle run`` a program does what it does under ``python``."""
    expected = runs["stock", program].result()
    actual = runs["raddle", program].result()
    for result in (expected, actual):
        assert result.returncode == 0, result.describe()
        assert result.stderr == "", result.describe()
    assert sorted(actual.stdout.splitlines()) == sorted(expected.stdout.splitlines()), actual.describe()


@pytest.mark.parametrize("program", [path.stem for path in PROGRAMS])
def test_classes_were_native(program: str, runs: Runs) -> None:
    """The process that ran the program had raddle's classes in place, and the program's objects were of them."""
    expected = runs["stock", program].result()
    actual = runs["witness", program].result()
    assert actual.returncode == 0, actual.describe()
    assert actual.stderr == "", actual.describe()
    lines = actual.stdout.splitlines()
    verdicts = [line for line in lines if line.startswith("native: ")]
    assert len(verdicts) == 1, actual.describe()
    lines.remove(verdicts[0])
    assert sorted(lines) == sorted(expected.stdout.splitlines()), actual.describe()


def test_nine_programs() -> None:
    """The document has nine programs."""
    assert len(PROGRAMS) == 9


Runs = dict[tuple[str, str], "Future[ChildResult]"]


@pytest.fixture(scope="module")
def runs(run_python: Callable[..., ChildResult]) -> Iterator[Runs]:
    """All runs, started together because the programs mostly sleep."""
    commands = {
        "stock": [sys.executable],
        "raddle": [launcher(), "run"],
        "witness": [launcher(), "run", str(FOLDER / "witness.py")],
    }
    with ThreadPoolExecutor(4) as pool:
        yield {
            (kind, program.stem): pool.submit(run_until_fair, run_python, [*command, str(program)], program.stem)
            for program in PROGRAMS
            for kind, command in commands.items()
        }


def run_until_fair(run_python: Callable[..., ChildResult], command: Sequence[str], program: str) -> ChildResult:
    """Runs a program until its race with itself goes the way in which it ends and prints everything."""
    # What a program that is killed has printed must not be left in its buffer.
    environment = {"PYTHONUNBUFFERED": "1"} if program == "06_condition" else {}
    for _ in range(ATTEMPTS):
        result = run_python(
            command,
            environment=environment,
            time_box=TIME_BOX,
            give_up=lambda output: notified_too_early(program, output),
        )
        if not lost_its_own_race(program, result):
            return result
    raise AssertionError(f"{program} lost its own race {ATTEMPTS} times: {result.describe()}")


def lost_its_own_race(program: str, result: ChildResult) -> bool:
    """Whether the output shows one of the races that the programs have on any implementation."""
    if notified_too_early(program, result.stdout):
        return True
    if result.returncode != 0:
        return False
    if program == "03_daemon" and "Daemon thread is running" not in result.stdout.splitlines():
        return True
    # No program prints an empty line: it comes from nothing but the line ends of interleaved prints.
    return "" in result.stdout.splitlines()


def notified_too_early(program: str, output: str) -> bool:
    """Whether the condition program has notified while a thread was not yet waiting."""
    before, found, _ = output.partition("Main thread is notifying")
    return program == "06_condition" and bool(found) and before.count("is waiting") < 2


def launcher() -> str:
    """The installed command ``raddle``."""
    path = Path(sysconfig.get_path("scripts")) / "raddle"
    assert path.exists(), f"{path} is missing: install the package into this interpreter's environment first"
    return str(path)
