"""Programs that hang are explained, and programs that only look as if they did are left alone.

Each program of `deadlocked/` says in its first lines what has to be found: how sure it is, how many threads are part of
it, what its locks are called, and words that the report has. It is killed once it has been reported. Each
program of `alike/` ends by itself, and nothing is said about it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
DEADLOCKED = sorted(path.stem for path in (FOLDER / "deadlocked").glob("*.py"))
ALIKE = sorted(path.stem for path in (FOLDER / "alike").glob("*.py"))

# Shorter than what the programs that look alike wait for: they must not be reported all the same.
GRACE = "0.2"

# They sleep most of the time.
AT_ONCE = 6

HEADINGS = {
    "certain": r"DeadlockError: deadlock: (\d+ threads wait for each other|a thread waits for itself|a lock will)",
    "probable": r"raddle: probable deadlock: \d+ threads? waits? for (each other|a free worker)",
    "all_asleep": r"raddle: all threads are asleep",
}


@dataclass(frozen=True)
class Expected:
    """What the first lines of a program say."""

    certainty: str
    parties: int
    names: list[str]
    words: list[str]


def expected_of(program: str) -> Expected:
    """Reads them."""
    lines = (FOLDER / "deadlocked" / f"{program}.py").read_text().splitlines()
    header = re.fullmatch(r"# (\w+), (\d+) part(?:y|ies):(.*)", lines[0])
    assert header is not None, lines[0]
    words = [line[2:] for line in lines[1:] if line.startswith("# ") and line[2].islower()]
    return Expected(header[1], int(header[2]), header[3].split(), words)


@pytest.fixture(scope="module")
def outcomes(run_python: Callable[..., Any]) -> Any:
    """The outcome of every program, as a future."""

    def run(folder: str, program: str) -> Any:
        path = FOLDER / folder / f"{program}.py"
        environment = {
            "RADDLE_INSTALL": "1",
            "RADDLE_DEADLOCKS": "raise",
            "RADDLE_DEADLOCKS_GRACE": GRACE,
            # Some fork while they have threads, and mean to.
            "PYTHONWARNINGS": "ignore::DeprecationWarning",
        }
        # In one file, which is watched. What is reported is written in one piece.
        command = ["sh", "-c", 'exec "$0" "$1" 2>&1', sys.executable, str(path)]
        give_up = (lambda written: "raddle: " in written) if folder == "deadlocked" else None
        return run_python(command, environment=environment, give_up=give_up)

    # The standard library's, in a process that is not switched.
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures: dict[tuple[str, str], Future[Any]] = {
            (folder, program): pool.submit(run, folder, program)
            for folder, programs in (("deadlocked", DEADLOCKED), ("alike", ALIKE))
            for program in programs
        }
        yield futures


@pytest.mark.parametrize("program", DEADLOCKED)
def test_a_deadlock_is_named(program: str, outcomes: Any) -> None:
    expected = expected_of(program)
    outcome = outcomes["deadlocked", program].result()
    report = outcome.stdout
    heading = re.search(HEADINGS[expected.certainty], report)
    assert heading is not None, outcome.describe()
    told = report[heading.start() :]
    parties = re.findall(r"^  (\S.*) \(native id \d+\) waits for .*:$", told, re.MULTILINE)
    assert len(parties) == expected.parties, outcome.describe()
    assert all(name in re.findall(r"`([^`]*)`", told) for name in expected.names), outcome.describe()
    assert all(words in " ".join(told.split()) for words in expected.words), outcome.describe()
    assert f"{program}.py" in told, outcome.describe()


@pytest.mark.parametrize("program", ALIKE)
def test_what_only_looks_like_a_deadlock_is_left_alone(program: str, outcomes: Any) -> None:
    outcome = outcomes["alike", program].result()
    assert (outcome.returncode, outcome.stdout) == (0, ""), outcome.describe()


def test_there_are_enough_programs() -> None:
    assert len(DEADLOCKED) >= 20
    assert len(ALIKE) >= 24
