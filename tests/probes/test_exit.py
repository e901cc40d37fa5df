"""Daemon threads that are blocked anywhere in our code when the process ends: no abort, no hang, no word on stderr.

``RADDLE_EXIT_RUNS`` sets how often each case runs (20). The stock run only shows that the programs are right.
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

PROGRAM = Path(__file__).parent / "programs" / "exit_blocked.py"
CASES = re.findall(r'^    "([^"]+)": ', PROGRAM.read_text(), re.MULTILINE)
RUNS = int(os.environ.get("RADDLE_EXIT_RUNS", "20"))
STOCK_RUNS = 2


@pytest.mark.parametrize("case", CASES)
def test_exit_with_daemon_threads(case: str, child: ChildRunner) -> None:
    """Every run ends with exit code 0 and an empty stderr."""
    runs = RUNS if child.is_ours else STOCK_RUNS
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: child(PROGRAM.name, case), range(runs)))
    bad = [result for result in results if (result.returncode, result.stderr) != (0, "")]
    assert not bad, f"{len(bad)} of {runs} runs: {bad[0].describe()}"


def test_cases_were_found(child: ChildRunner) -> None:
    """The cases that are parametrised here are all that the program has."""
    assert child(PROGRAM.name).stdout.splitlines() == CASES
