"""Ctrl-C ends every blocking call of the main thread and leaves nothing behind; how fast is reported."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import ChildResult, ChildRunner

PROGRAMS = Path(__file__).parent / "programs"
CASES = {
    program: re.findall(r'^    "([^"]+)": ', (PROGRAMS / program).read_text(), re.MULTILINE)
    for program in ("interrupt.py", "interrupt_futures.py")
}


@pytest.mark.parametrize(("program", "case"), [(program, case) for program in CASES for case in CASES[program]])
def test_interrupt_ends_the_call(
    program: str, case: str, child: ChildRunner, report_figure: Callable[[str], None]
) -> None:
    """The program of the case ends well and says how long the interrupt took."""
    result: ChildResult = child(program, case)
    assert result.returncode == 0, result.describe()
    assert result.stderr == "", result.describe()
    latency = float(result.stdout)
    report_figure(f"Ctrl-C  {child.implementation:7} {case:32} {latency:8.3f} ms")


@pytest.mark.parametrize("program", CASES)
def test_cases_were_found(program: str, child: ChildRunner) -> None:
    """The cases that are parametrised here are all that the program has."""
    assert child(program).stdout.splitlines() == CASES[program]
