"""Runs the bound suites in this process and prints one line per test: its outcome, and why when it is not ``ok``.

Usage: ``python -m tests.conformance.run [--group primitives|futures] [--implementation stock|raddle] [--record]
[SUITE ...]``. With ``--record`` the list goes to ``outcomes/`` instead, in place of the one the tests compare with.
"""

from __future__ import annotations

import argparse
import faulthandler
import sys
import sysconfig
import unittest
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.conformance import futures_suites, suites

OUTCOMES = Path(__file__).parent / "outcomes"

# What is bound together, and what shows that it is ours. Each group runs in processes of its own.
GROUPS = {
    "primitives": (suites.bound_suites, suites.assert_queues_are_ours),
    "futures": (futures_suites.bound_suites, futures_suites.assert_futures_are_ours),
}

# How a line on stderr begins that says how a test ended that failed and was tried once more.
TRIED_AGAIN = "tried again: "

# A suite in which one test hangs ends with every thread's stack on stderr.
TIME_BOX = 600.0


def main() -> int:
    """Runs what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.run")
    parser.add_argument("--group", choices=GROUPS, default="primitives")
    parser.add_argument("--implementation", choices=("stock", "raddle"), default="raddle")
    parser.add_argument("--record", action="store_true", help="write the list to outcomes/")
    parser.add_argument("suite", nargs="*", help="run only these classes")
    arguments = parser.parse_args()
    faulthandler.dump_traceback_later(TIME_BOX, exit=True)
    bound_suites, assert_ours = GROUPS[arguments.group]
    try:
        bound = bound_suites(arguments.implementation)
    except suites.TestPackageMissingError as missing:
        print(missing, file=sys.stderr)
        return 2
    if arguments.implementation == "raddle":
        assert_ours()
    if arguments.suite:
        bound = [suite for suite in bound if suite.__name__ in arguments.suite]
    lines = run_suites(bound)
    if arguments.record:
        outcome_file(arguments.group).write_text("\n".join([*HEADER, *lines]) + "\n")
    else:
        print(*lines, sep="\n")
    return 0


HEADER = [
    "# Outcome of every bound test of this version's own suites; compared both ways. See ../README.md.",
    "# Every line that is not ok says why after the mark.",
]


def run_suites(bound: Iterable[type[unittest.TestCase]]) -> list[str]:
    """Runs test classes and returns a sorted line for each test: of its second try, if it failed."""
    outcomes = Outcomes()
    loader = unittest.TestLoader()
    for suite in bound:
        loader.loadTestsFromTestCase(suite).run(outcomes)
    if outcomes.failed:
        again = Outcomes()
        unittest.TestSuite(outcomes.failed.values()).run(again)
        outcomes.lines |= again.lines
        for name in outcomes.failed:
            print(f"{TRIED_AGAIN}{name}: failed, then {again.lines[name].split()[0]}", file=sys.stderr)
    return sorted(outcomes.lines.values(), key=lambda line: line.split()[1])


def outcome_file(group: str) -> Path:
    """The list of a group for the running version: the free-threaded build has its own."""
    return OUTCOMES / group / f"{version()}.txt"


def version() -> str:
    """The running version as the lists are named: 3.13, 3.14t."""
    free_threaded = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    return f"{sys.version_info.major}.{sys.version_info.minor}{free_threaded}"


def recorded_outcomes(group: str) -> list[str]:
    """The lines that a group's list for the running version holds; none when there is no list."""
    path = outcome_file(group)
    if not path.exists():
        return []
    return [line for line in path.read_text().splitlines() if not line.startswith("#")]


class Outcomes(unittest.TestResult):
    """Collects one line per test. A test with a failed subtest has failed."""

    def __init__(self) -> None:
        """Starts with no line."""
        super().__init__()
        self.lines: dict[str, str] = {}
        # Those that failed, to be run once more.
        self.failed: dict[str, unittest.TestCase] = {}

    def addSuccess(self, test: unittest.TestCase) -> None:
        """Keeps a passed test, unless one of its subtests has already failed."""
        self.lines.setdefault(name_of(test), f"{'ok':8}{name_of(test)}")

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:
        """Keeps a failed assertion."""
        self.keep_failure("failed", test, err)

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        """Keeps an unexpected exception."""
        self.keep_failure("error", test, err)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        """Keeps a skipped test with its reason."""
        self.lines[name_of(test)] = f"{'skipped':8}{name_of(test)}  # {reason}"

    def addSubTest(self, test: unittest.TestCase, _subtest: Any, err: Any) -> None:
        """Keeps a failed subtest under the name of its test."""
        if err is not None:
            self.keep_failure("failed", test, err)

    def keep_failure(self, outcome: str, test: unittest.TestCase, err: Any) -> None:
        """Keeps a line for a test that did not pass, and shows the traceback on stderr."""
        self.lines[name_of(test)] = f"{outcome:8}{name_of(test)}  # {one_line(err[1])}"
        # What stands for a class that could not be set up is no test.
        if isinstance(test, unittest.TestCase):
            self.failed[name_of(test)] = type(test)(test._testMethodName)
        print(name_of(test), self._exc_info_to_string(err, test), sep="\n", file=sys.stderr)  # type: ignore[attr-defined]


def name_of(test: unittest.TestCase) -> str:
    """A test's class and method."""
    return ".".join(test.id().rsplit(".", 2)[-2:])


def one_line(error: BaseException) -> str:
    """An exception as it may stand behind the mark."""
    return " ".join(f"{type(error).__name__}: {error}".split())


if __name__ == "__main__":
    sys.exit(main())
