"""Runs CPython's whole test modules under ``raddle run``, beside a stock run, and compares both with the recorded list.

Usage: ``python -m tests.conformance.whole [--jobs N] [--record] [MODULE ...]``, in an environment in which raddle is
installed. It takes some minutes, mostly asleep. Exit code 0 means that every test ended as the list says, on raddle and
on stock, and that raddle said nothing, since none of the tests means to make a deadlock.

With ``--record`` the outcomes of these modules go to ``outcomes/whole`` instead. Where a test differs from stock, a
reason that was written there by hand stays as long as its outcome does.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.conformance import run, testpackage, vacuous
from tests.interruptible import let_children_be_interrupted

GROUP = "whole"

# Those that take longest begin first.
MODULES = (
    "test_asyncio",
    testpackage.NAME,
    "test_threading",
    "test_logging",
    "test_queue",
    "test_threadsignals",
    "test_fork1",
    "test_thread",
    "test_threading_local",
)

# In `make test` these two run beside the list instead of beside stock, where they would take as long again.
LONG = ("test_asyncio", testpackage.NAME)

# Without the memory limit 3.14 skips the tests that start the most threads, among them the one with daemon threads.
OPTIONS = ("-v", "-M", "6g", "-u", "walltime,cpu", "--timeout", "1200")

# CPython's own process pool hangs in these now and then, whatever the locks are: until when that was mended.
VERSION = sys.version_info[:3]
LEFT_OUT = ["test_shutdown_deadlock_pickle"] if VERSION < (3, 13, 1) else []
if (3, 12) <= VERSION < (3, 12, 8) or (3, 13) <= VERSION < (3, 13, 1):
    # A task that cannot be pickled, and a shutdown at the same time: github.com/python/cpython/issues/125451.
    LEFT_OUT.append("test_processes_terminate")

# Children that multiprocessing starts afresh cannot be told where fetched tests are.
CANNOT_BE_TOLD = ("*Spawn*", "*Forkserver*", "*.test_spawn", "*.test_forkserver", "*defaults_to_spawn*")

INSIDE = Path(__file__).with_name("inside.py").read_text()
LOGS = Path(__file__).parents[2] / ".build" / "conformance" / run.version()

# What raddle says when it takes a program for deadlocked, or warns of something.
TOLD = re.compile(r"(^|\s)raddle: |raddle\.diagnostics\.DeadlockError")

# The outcome of a test that the other run, or the list, has.
MISSING = "missing"

HEADER = [
    "# CPython {version}: outcome of every test of the whole modules, on raddle and on stock; compared both ways.",
    "# vacuous: passes on both, but without our classes. A/B: A on raddle, B on stock. See ../../README.md.",
    "# Every line that is not ok says why after the mark.",
]


@dataclass
class Run:
    """What a module's tests did on one implementation."""

    outcomes: dict[str, tuple[str, str]] = field(default_factory=dict)
    with_threads: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)
    problem: str | None = None

    def outcome(self, test: str) -> tuple[str, str]:
        """How a test ended, and why when it is not ok."""
        return self.outcomes.get(test, (MISSING, ""))


def main() -> int:
    """Does what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.whole")
    parser.add_argument("--jobs", type=int, default=2, help="how many processes run side by side")
    parser.add_argument("--record", action="store_true", help="write the list to outcomes/")
    parser.add_argument("module", nargs="*", default=MODULES)
    arguments = parser.parse_args()
    modules = list(arguments.module)
    let_children_be_interrupted()
    missing = testpackage.why_missing()
    if missing is not None and testpackage.NAME in modules:
        print(f"{testpackage.NAME} is left out: {missing}")
        modules.remove(testpackage.NAME)
    started = time.monotonic()
    lines, complaints = run_modules(modules, jobs=arguments.jobs)
    print(f"\n{sys.version}\n{summary(lines)}; {time.monotonic() - started:.0f} s")
    if arguments.record:
        record(modules, lines, run.recorded_outcomes(GROUP))
    else:
        complaints += changes(lines, recorded_of(modules))
    print(*complaints, f"logs: {LOGS}", sep="\n")
    return 1 if complaints else 0


def run_modules(modules: list[str], *, jobs: int) -> tuple[list[str], list[str]]:
    """Runs modules on both implementations; returns a line for each test, and what went wrong beyond tests."""
    complaints = []
    lines = []
    with ThreadPoolExecutor(jobs) as pool:
        for module, (ours, stock) in zip(modules, pool.map(run_beside_stock, modules), strict=True):
            lines += compare(module, ours, stock)
            complaints += beyond_tests(module, ours, stock)
    return sorted(lines, key=name_of), complaints


def run_beside_stock(module: str) -> tuple[Run, Run]:
    """Runs a module's tests on raddle and on stock."""
    return run_module(module, "raddle"), run_module(module, "stock")


def run_beside_list(module: str) -> tuple[Run, Run]:
    """Runs a module's tests on raddle, and on stock only those that do not end as the list says: the others did there
    what the list says when it was recorded.
    """
    ours = run_module(module, "raddle")
    recorded = {name_of(line): on_both(line) for line in recorded_of([module])}
    names = ours.outcomes.keys() | recorded.keys()
    changed = {name for name in names if name not in recorded or ours.outcome(name)[0] != recorded[name][0]}
    stock = run_module(module, "stock", tests=sorted(changed)) if changed else Run()
    stock.outcomes |= {name: (on_stock, "") for name, (_, on_stock) in recorded.items() if name not in changed}
    return ours, stock


def beyond_tests(module: str, ours: Run, stock: Run) -> list[str]:
    """What went wrong with a module beyond its tests."""
    complaints = []
    for name, result in (("raddle", ours), ("stock", stock)):
        complaints += [f"{module} on {name}: {result.problem}"] if result.problem else []
        complaints += [f"{module} on {name}: a word of raddle: {line}" for line in result.told]
    return complaints


def run_module(module: str, implementation: str, tests: Sequence[str] = ()) -> Run:
    """Runs a module's tests, or some of them, and those that fail once more: some of CPython's own cannot bear a busy
    machine.
    """
    result = run_once(module, implementation, LOGS / implementation, tests)
    failed = [name for name, (outcome, _) in result.outcomes.items() if outcome in ("failed", "error")]
    if failed:
        again = run_once(module, implementation, LOGS / f"{implementation}-again", failed)
        result.told += again.told
        for name in failed:
            result.outcomes[name] = again.outcomes.get(name, result.outcomes[name])
            print(f"{implementation:7} {name}: failed, then {result.outcomes[name][0]}", flush=True)
    return result


def run_once(module: str, implementation: str, folder: Path, tests: Sequence[str]) -> Run:
    """Runs a module's tests, or some of them, in a fresh interpreter, with CPython's own runner."""
    folder.mkdir(parents=True, exist_ok=True)
    results, notes, log = (folder / f"{module}.{ending}" for ending in ("xml", "threads", "log"))
    for path in (results, notes, log):
        path.unlink(missing_ok=True)
    fetched = module == testpackage.NAME and testpackage.is_fetched()
    told_inside = {"notes": str(notes), "fetched": None}
    ignored = list(LEFT_OUT)
    if fetched:
        told_inside["fetched"] = {"name": testpackage.NAME, "prelude": testpackage.path_prelude()}
        ignored += CANNOT_BE_TOLD
    launcher = ["-m", "raddle", "run"] if implementation == "raddle" else []
    options = [*OPTIONS, "--junit-xml", str(results), *(word for name in ignored for word in ("--ignore", name))]
    options += [word for name in tests for word in ("--match", f"test.{name}")]
    started = time.monotonic()
    with log.open("w") as file:
        ended = subprocess.run(
            [sys.executable, *launcher, "-c", INSIDE, json.dumps(told_inside), *options, module],
            env={name: value for name, value in os.environ.items() if not name.startswith("RADDLE_")},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            check=False,
        )
    outcomes = read_results(results, module) if results.exists() else {}
    result = Run(
        outcomes,
        with_threads={short(name, module) for name in notes.read_text().splitlines()} if notes.exists() else set(),
        told=[line for line in log.read_text(errors="replace").splitlines() if TOLD.search(line)],
        problem=None if outcomes else f"no results, exit code {ended.returncode}",
    )
    seconds = time.monotonic() - started
    kinds = Counter(outcome for outcome, _ in outcomes.values())
    said = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    print(f"{implementation:7} {module}: {said}; exit code {ended.returncode}, {seconds:.0f} s", flush=True)
    return result


def read_results(path: Path, module: str) -> dict[str, tuple[str, str]]:
    """The outcome of each test in a JUnit file as CPython writes it, and why when it is not ok."""
    outcomes: dict[str, tuple[str, str]] = {}
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        said = {child.tag: child for child in case}
        kind = next((kind for kind in ("error", "failure", "skipped") if kind in said), "ok")
        words = "" if kind == "ok" else said[kind].get("message") or said[kind].text or ""
        # A message of several lines ends with what was wrong.
        why = next(iter(reversed(words.strip().splitlines())), "")
        name = short(case.get("name", ""), module)
        outcome = ("failed" if kind == "failure" else kind, " ".join(why.split()))
        # Doctests of one text, run with different names bound, have one name.
        if outcomes.get(name, ("ok", ""))[0] == "ok":
            outcomes[name] = outcome
    return outcomes


def short(identity: str, module: str) -> str:
    """A test's name, which begins with its module's."""
    name = "_".join(identity.removeprefix("test.").split())
    return name if name.startswith(f"{module}.") else f"{module}:{name}"


def compare(module: str, ours: Run, stock: Run) -> list[str]:
    """A line for each test of a module."""
    lines = []
    for name in ours.outcomes.keys() | stock.outcomes.keys():
        outcome, why = ours.outcome(name)
        stock_outcome, stock_why = stock.outcome(name)
        if outcome != stock_outcome:
            outcome, why = f"{outcome}/{stock_outcome}", why or stock_why
        elif outcome == "ok":
            vacuous_why = vacuous.why_vacuous(module, name, starts_thread=name in ours.with_threads)
            outcome, why = ("ok", "") if vacuous_why is None else ("vacuous", vacuous_why)
        lines.append(f"{outcome:8}{' ' if len(outcome) > 7 else ''}{name}" + (f"  # {why}" if why else ""))
    return lines


def record(modules: list[str], lines: list[str], recorded: list[str]) -> None:
    """Writes the list, with the lines of these modules new."""
    reasons = {line.partition("#")[0].strip(): line for line in recorded}
    kept = [line for line in recorded if module_of(line) not in modules]
    # What differs from stock, or fails on it, is explained by hand.
    new = [
        line if line.startswith(("ok ", "skipped ", "vacuous ")) else reasons.get(line.partition("#")[0].strip(), line)
        for line in lines
    ]
    path = run.outcome_file(GROUP)
    path.parent.mkdir(exist_ok=True)
    header = [line.format(version=sys.version.split(" (")[0]) for line in HEADER]
    path.write_text("\n".join([*header, *sorted(kept + new, key=name_of)]) + "\n")


def recorded_of(modules: Collection[str]) -> list[str]:
    """The lines that the running version's list has for these modules."""
    return [line for line in run.recorded_outcomes(GROUP) if module_of(line) in modules]


def changes(lines: list[str], recorded: list[str]) -> list[str]:
    """How the outcomes differ from the recorded ones, in either direction."""
    now, then = ({name_of(line): line for line in each} for each in (lines, recorded))
    # A module without a list has only the stock run to be compared with.
    listed = {module_of(line) for line in recorded}
    then |= {name: line for name, line in now.items() if module_of(line) not in listed and "/" not in line.split()[0]}
    return [
        f"{changed_on(now.get(name), then.get(name))}\n"
        f"  now: {now.get(name, 'did not run')}\n  recorded: {then.get(name, 'nothing')}"
        for name in sorted(now.keys() | then.keys())
        if now.get(name, "").split()[:1] != then.get(name, "").split()[:1]
    ]


def changed_on(now: str | None, then: str | None) -> str:
    """Says which of the two implementations makes a line differ from the recorded one."""
    outcomes = zip(("raddle", "stock"), on_both(now), on_both(then), strict=True)
    names = [name for name, new, old in outcomes if new != old]
    return f"changed on {' and '.join(names)}:" if names else "changed in what it proves:"


def on_both(line: str | None) -> tuple[str, str]:
    """How a test ended on raddle and on stock, by its line."""
    if line is None:
        return MISSING, MISSING
    ours, _, stock = line.split()[0].replace("vacuous", "ok").partition("/")
    return ours, stock or ours


def name_of(line: str) -> str:
    """The test that a line is about."""
    return line.split()[1]


def module_of(line: str) -> str:
    """The module whose test a line is about."""
    return re.split(r"[.:]", name_of(line))[0]


def summary(lines: list[str]) -> str:
    """How many tests ended in which way."""
    kinds = Counter(line.split()[0] for line in lines)
    return f"{len(lines)} tests: " + (", ".join(f"{n} {kind}" for kind, n in kinds.most_common()) or "nothing ran")


if __name__ == "__main__":
    sys.exit(main())
