"""The standard library's other executors and asyncio, in a process that is switched as a whole."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import ChildRunner

PROGRAM = Path(__file__).parent / "programs" / "executors.py"
CASES = re.findall(r'^    "([^"]+)": ', PROGRAM.read_text(), re.MULTILINE)


@pytest.mark.parametrize("case", CASES)
def test_executor(case: str, child: ChildRunner) -> None:
    """The program of the case ends well."""
    result = child(PROGRAM.name, case)
    assert result.returncode == 0, result.describe()
    assert result.stderr == "", result.describe()


def test_cases_were_found(child: ChildRunner) -> None:
    """The cases that are parametrised here are all that the program has."""
    assert child(PROGRAM.name).stdout.splitlines() == CASES
