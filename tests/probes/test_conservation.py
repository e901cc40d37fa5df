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

PROGRAM = Path(__file__).parent / "programs" / "conserve.py"
CASES = re.findall(r'^    "([^"]+)": ', PROGRAM.read_text(), re.MULTILINE)
SEED = int(os.environ.get("RADDLE_SEED", "0")) or random.randrange(1, 1 << 31)


@pytest.mark.parametrize("case", CASES)
def test_conservation(case: str, child: ChildRunner) -> None:
    """The program of the case ends well."""
    result = child(PROGRAM.name, case, SEED)
    assert result.returncode == 0, f"RADDLE_SEED={SEED}: {result.describe()}"
    assert result.stderr == "", f"RADDLE_SEED={SEED}: {result.describe()}"


def test_cases_were_found(child: ChildRunner) -> None:
    """The cases that are parametrised here are all that the program has."""
    assert child(PROGRAM.name).stdout.splitlines() == CASES
