"""Nothing is lost, doubled or admitted twice. A run prints its seed; ``RADDLE_SEED`` repeats it."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import ChildRunner

PROGRAMS = Path(__file__).parent / "programs"
CASES = {
    program: re.findall(r'^    "([^"]+)": ', (PROGRAMS / program).read_text(), re.MULTILINE)
    for program in ("conserve.py", "conserve_tasks.py")
}
SEED = int(os.environ.get("RADDLE_SEED", "0")) or random.randrange(1, 1 << 31)


@pytest.mark.parametrize(("program", "case"), [(program, case) for program in CASES for case in CASES[program]])
def test_conservation(program: str, case: str, child: ChildRunner) -> None:
    """The program of the case ends well."""
    result = child(program, case, SEED)
    assert result.returncode == 0, f"RADDLE_SEED={SEED}: {result.describe()}"
    assert result.stderr == "", f"RADDLE_SEED={SEED}: {result.describe()}"


@pytest.mark.parametrize("program", CASES)
def test_cases_were_found(program: str, child: ChildRunner) -> None:
    """The cases that are parametrised here are all that the program has."""
    assert child(program).stdout.splitlines() == CASES[program]
