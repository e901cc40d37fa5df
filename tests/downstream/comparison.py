"""What a package's tests did on the standard library, on raddle, and on the standard library again, side by side."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

# What raddle says of its own accord, which it does for deadlocks and where it cannot do what it was asked for.
WORD = re.compile(r".*(?:\braddle: |\bDeadlockError\b).*")

DID_NOT_RUN = "did not run"


@dataclass
class Run:
    """One run of a package's tests: how each test ended, and what is wrong with the run as such."""

    outcomes: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def outcome(self, test: str) -> str:
        """How a test ended."""
        return self.outcomes.get(test, DID_NOT_RUN)

    def summary(self) -> str:
        """How many tests ended in which way."""
        count = Counter(self.outcomes.values())
        return ", ".join(f"{count[kind]} {kind}" for kind in sorted(count)) or "nothing ran"


@dataclass(frozen=True)
class Comparison:
    """Three runs of the same tests. A test that ends in two ways on the standard library is unsteady."""

    stock: Run
    raddle: Run
    stock_again: Run

    def unsteady(self) -> dict[str, str]:
        """The tests that did not end alike in the two stock runs, with their outcomes."""
        found = {}
        for test in self._tests():
            first, second = self.stock.outcome(test), self.stock_again.outcome(test)
            if first != second:
                found[test] = f"{first}, then {second}; raddle: {self.raddle.outcome(test)}"
        return found

    def different(self) -> dict[str, str]:
        """The tests that ended on raddle as in neither of the stock runs, with their outcomes."""
        return {
            test: f"{self.raddle.outcome(test)} (stock: {self.stock.outcome(test)})"
            for test in self._tests()
            if self.raddle.outcome(test) not in (self.stock.outcome(test), self.stock_again.outcome(test))
        }

    def problems(self) -> list[str]:
        """All that keeps raddle from being the same as the standard library here."""
        runs = {"stock": self.stock, "raddle": self.raddle, "stock again": self.stock_again}
        found = [f"{name}: {problem}" for name, run in runs.items() for problem in run.problems]
        # Two runs in which nothing ran are alike, and prove nothing.
        empty = [f"{name}: nothing passed" for name, run in runs.items() if "ok" not in run.outcomes.values()]
        return found + (empty or [f"{test}: {outcome}" for test, outcome in self.different().items()])

    def _tests(self) -> list[str]:
        return sorted(self.stock.outcomes.keys() | self.raddle.outcomes.keys() | self.stock_again.outcomes.keys())


def words_of_raddle(said: str) -> list[str]:
    """The lines of a run's output that tell of deadlocks, or otherwise are raddle's."""
    return WORD.findall(said)


def read_outcomes(path: Path) -> dict[str, str]:
    """The outcome of each test in a JUnit file as pytest writes it."""
    outcomes: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        # The class has its file before it. An address in the name, of a parameter, differs from run to run.
        test = re.sub(r"0x[0-9a-f]+", "0x", f"{case.get('classname')}.{case.get('name')}")
        # One that fails and then cannot be torn down has two entries, and parameters may have one name.
        seen[test] += 1
        if seen[test] > 1:
            test = f"{test} ({seen[test]})"
        kinds = {child.tag for child in case}
        outcome = next((kind for kind in ("error", "failure", "skipped") if kind in kinds), "ok")
        outcomes[test] = {"failure": "failed"}.get(outcome, outcome)
    return outcomes
