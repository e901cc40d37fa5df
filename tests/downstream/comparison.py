"""What a package's tests did on the standard library, on raddle, and on the standard library again, side by side."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# What raddle says of its own accord, which it does for deadlocks and where it cannot do what it was asked for.
WORD = re.compile(r".*(?:\braddle: |\bDeadlockError\b).*")

# A line of pytest's summary about a test that failed and was tried again.
RERUN = re.compile(r"^RERUN (\S+?)\.py::([^\[\n]*?)(\[.*?\])?(?: - .*)?$", re.MULTILINE)

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


def tried_again(said: str) -> Counter[str]:
    """How often each test failed and was tried again, by the plugin rerunfailures, with its name as in a JUnit file."""
    return Counter(
        file.replace("/", ".") + "." + name.replace("::", ".") + parameters
        for file, name, parameters in RERUN.findall(_without_addresses(said))
    )


def read_outcomes(path: Path, earlier_tries: Mapping[str, int] | None = None) -> dict[str, str]:
    """The outcome of each test in a JUnit file as pytest writes it: of its last try."""
    left = Counter(earlier_tries)
    outcomes: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        # The class has its file before it.
        test = _without_addresses(f"{case.get('classname')}.{case.get('name')}")
        # It has an entry of its own, as if it had passed.
        if left[test] > 0:
            left[test] -= 1
            continue
        # One that fails and then cannot be torn down has two entries, and parameters may have one name.
        seen[test] += 1
        if seen[test] > 1:
            test = f"{test} ({seen[test]})"
        kinds = {child.tag for child in case}
        outcome = next((kind for kind in ("error", "failure", "skipped") if kind in kinds), "ok")
        outcomes[test] = {"failure": "failed"}.get(outcome, outcome)
    return outcomes


def _without_addresses(text: str) -> str:
    """The address of a parameter is part of a test's name, and differs from run to run."""
    return re.sub(r"0x[0-9a-f]+", "0x", text)
