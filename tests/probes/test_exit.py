"""Daemon threads that are blocked anywhere in our code when the process ends: no abort, no hang, no word on stderr.

``RADDLE_EXIT_RUNS`` sets how often each case runs (8). The stock run only shows that the programs are right.
"""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import ChildRunner

PROGRAMS = Path(__file__).parent / "programs"
CASES = {
    program: re.findall(r'^    "([^"]+)": ', (PROGRAMS / program).read_text(), re.MULTILINE)
    for program in ("exit_blocked.py", "exit_futures.py")
}
RUNS = int(os.environ.get("RADDLE_EXIT_RUNS", "8"))
STOCK_RUNS = 2
# What went wrong here once went wrong at every run; futures stand on what the other program tries in full.
SHARES = {"exit_blocked.py": 1, "exit_futures.py": 5}
# This one makes up for it.
EVERY_PLACE = "all at once"


@pytest.mark.parametrize(("program", "case"), [(program, case) for program in CASES for case in CASES[program]])
def test_exit_with_daemon_threads(program: str, case: str, child: ChildRunner) -> None:
    """Every run ends with exit code 0 and an empty stderr."""
    share = 1 if case == EVERY_PLACE else SHARES[program]
    runs = max(RUNS // share, STOCK_RUNS) if child.is_ours else STOCK_RUNS
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: child(program, case), range(runs)))
    bad = [result for result in results if (result.returncode, result.stderr) != (0, "")]
    assert not bad, f"{len(bad)} of {runs} runs: {bad[0].describe()}"


@pytest.mark.parametrize("program", CASES)
def test_cases_were_found(program: str, child: ChildRunner) -> None:
    """The cases that are parametrised here are all that the program has."""
    assert child(program).stdout.splitlines() == CASES[program]
