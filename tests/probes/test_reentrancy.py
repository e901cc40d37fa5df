"""Waits inside waits, and queues that are re-entered from code the interpreter runs at any point."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import ChildRunner

PROGRAMS = Path(__file__).parent / "programs"


def cases_of(program: str) -> list[str]:
    """The cases that a program lists."""
    return re.findall(r'^    "([^"]+)": ', (PROGRAMS / program).read_text(), re.MULTILINE)


@pytest.mark.parametrize("case", cases_of("nested.py"))
def test_handler_inside_a_wait(case: str, child: ChildRunner) -> None:
    """A signal handler may wait itself, for something else or for the same object."""
    run_case("nested.py", case, child)


@pytest.mark.parametrize("case", cases_of("reentrancy.py"))
def test_queue_is_reentrant(case: str, child: ChildRunner) -> None:
    """A queue may be used by a finalizer, a weakref callback and a signal handler at any point."""
    run_case("reentrancy.py", case, child)


@pytest.mark.parametrize("program", ["nested.py", "reentrancy.py"])
def test_cases_were_found(program: str, child: ChildRunner) -> None:
    """The cases that are parametrised here are all that the program has."""
    assert child(program).stdout.splitlines() == cases_of(program)


def run_case(program: str, case: str, child: ChildRunner) -> None:
    """Runs one case and asserts that it ended well."""
    result = child(program, case)
    assert result.returncode == 0, result.describe()
    assert result.stderr == "", result.describe()
