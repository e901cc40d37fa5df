"""Running a program on python and on raddle, and whether it did the same."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

PROGRAMS = sorted(Path(__file__).with_name("python").glob("*.py"))

# In seconds. No program takes as long, unless it hangs.
TIME_BOX = 120

# What is different in every run, and is left out of the comparison: times, and the order in which threads print.
TIMES = re.compile(r" +\d+\.\d+ s\b")
UNORDERED = {"bakery"}


class Both(NamedTuple):
    """What a program has done on python, and on raddle."""

    program: Path
    python: subprocess.CompletedProcess[str]
    raddle: subprocess.CompletedProcess[str]

    @property
    def same(self) -> bool:
        """Whether both runs have ended well, and have printed the same."""
        return is_good(self.python) and is_good(self.raddle) and self.lines(self.python) == self.lines(self.raddle)

    def lines(self, result: subprocess.CompletedProcess[str]) -> list[str]:
        lines = TIMES.sub(" TIME", result.stdout).splitlines()
        return sorted(lines) if self.program.stem in UNORDERED else lines


def run_both(program: Path, python: Sequence[str], raddle: Sequence[str]) -> Both:
    """Run the program with each of the commands."""
    return Both(program, run([*python, str(program)]), run([*raddle, str(program)]))


def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=TIME_BOX
    )


def is_good(result: subprocess.CompletedProcess[str]) -> bool:
    return (result.returncode, result.stderr) == (0, "") and bool(result.stdout)
