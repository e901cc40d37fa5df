"""Runs the tests of published packages on raddle and on the standard library, and compares test by test.

Usage: ``python -m tests.downstream [PACKAGE ...]``, in an environment with pytest in which raddle is installed. What
``packages.toml`` names is fetched into ``.build``. Each suite runs on the standard library, on raddle, and on the
standard library again: what differs between the two stock runs is called unsteady. Exit code 0 means that every other
test ended as on stock and that raddle said nothing about deadlocks.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

BUILD = Path(__file__).parents[2] / ".build" / "downstream" / sys.implementation.cache_tag
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]

# A suite that takes longer than this hangs.
TIME_BOX = 600

# Runs in the process of the tests, before them.
GUARD = """
import _thread, os, queue, sys, threading
if os.environ.get("RADDLE_INSTALL"):
    import raddle._native as native
    assert type(threading.Lock()) is native.lock
    assert issubclass(queue.Queue, native.Queue)
else:
    assert not any(name.startswith("raddle") for name in sys.modules)
import pytest
sys.path.insert(0, os.getcwd())
sys.exit(pytest.main(sys.argv[1:]))
"""

# What raddle says when it takes a program for deadlocked.
TOLD = re.compile(r"raddle: .*(deadlock|asleep)|raddle\.diagnostics\.DeadlockError")


def main() -> int:
    """Runs the suites and prints a row of a table for each."""
    known = tomllib.loads(Path(__file__).with_name("packages.toml").read_text(encoding="utf-8"))
    parser = argparse.ArgumentParser(prog="python -m tests.downstream")
    parser.add_argument("package", nargs="*", default=list(known))
    names = parser.parse_args().package
    unknown = [name for name in names if name not in known]
    if unknown:
        parser.error(f"packages.toml does not name {', '.join(unknown)}")
    rows, problems = [], []
    for name in names:
        row, found = compare(name, known[name])
        rows.append(row)
        problems += found
    print(f"\n{sys.version}\n")
    print("| package | version | tests | stock | raddle | unsteady on stock |\n| --- | --- | --- | --- | --- | --- |")
    print("\n".join(rows))
    print("\n".join(["", "different from stock:", *problems] if problems else ["", "same as stock"]))
    return 1 if problems else 0


def compare(name: str, package: dict[str, Any]) -> tuple[str, list[str]]:
    """Runs one package's tests three times. Returns its row and what differs."""
    source = fetch(name, package)
    problems: list[str] = []
    stock = run(name, package, source, "stock", problems)
    ours = run(name, package, source, "raddle", problems)
    again = run(name, package, source, "stock-again", problems)
    unsteady = {test for test in stock.keys() | again.keys() if stock.get(test) != again.get(test)}
    problems += [
        f"  {name}: {test}: {ours.get(test, 'did not run')} (stock: {stock.get(test, 'did not run')})"
        for test in sorted(stock.keys() | ours.keys())
        if test not in unsteady and stock.get(test) != ours.get(test)
    ]
    for test in sorted(unsteady):
        outcomes = [run_of.get(test, "did not run") for run_of in (stock, again, ours)]
        print(f"  unsteady: {name}: {test}: {outcomes[0]}, then {outcomes[1]}; raddle: {outcomes[2]}")
    cells = [name, package["version"], str(len(stock)), summary(stock), summary(ours), str(len(unsteady))]
    return f"| {' | '.join(cells)} |", problems


def fetch(name: str, package: dict[str, Any]) -> Path:
    """Fetches the sources with their tests and installs what they need. Returns the folder of the sources."""
    folder = BUILD / f"{name}-{package['version']}"
    wanted = f"{name}=={package['version']}"
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run(
            [*PIP, "download", "-q", "--no-deps", "--no-binary", name, "-d", folder / "sdist", wanted], check=True
        )
        with tarfile.open(next((folder / "sdist").glob("*.tar.gz"))) as archive:
            archive.extractall(folder / "source", filter="data")
        requirements = [wanted, "pytest>=9,<10", *package.get("requirements", [])]
        subprocess.run([*PIP, "install", "-q", "--target", folder / "installed", *requirements], check=True)
        (folder / "ready").touch()
    return next((folder / "source").iterdir())


def run(name: str, package: dict[str, Any], source: Path, which: str, problems: list[str]) -> dict[str, str]:
    """Runs the tests once in a fresh interpreter and returns the outcome of each."""
    folder = source.parents[1]
    results = folder / f"{which}.xml"
    results.unlink(missing_ok=True)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("RADDLE_", "PYTEST_"))}
    environment["PYTHONPATH"] = str(folder / "installed")
    if which == "raddle":
        environment["RADDLE_INSTALL"] = "1"
    # A package's own options ask for coverage and other plugins that have no part in this.
    options = ["-o", "addopts=", "-p", "no:cacheprovider", "-p", "no:xdist", "-rA", f"--junit-xml={results}"]
    options += [f"--ignore={path}" for path in package.get("left_out", {})]
    print(f"+ {name}: {which}", flush=True)
    with (folder / f"{which}.txt").open("w+", encoding="utf-8", errors="replace") as output:
        try:
            ending = subprocess.run(
                [sys.executable, "-c", GUARD, *options, *package["tests"]],
                cwd=source, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                timeout=TIME_BOX, check=False,
            ).returncode  # fmt: skip
        except subprocess.TimeoutExpired:
            ending = None
        output.seek(0)
        said = output.read()
    if TOLD.search(said):
        problems.append(f"  {name}: {which}: raddle told of a deadlock, see {output.name}")
    # 0 is all passed, 1 that some failed, as they may on stock.
    if ending not in (0, 1) or not results.exists():
        how = "did not end" if ending is None else f"ended with exit code {ending}"
        problems.append(f"  {name}: {which}: the run {how}, see {output.name}")
    return read_results(results) if results.exists() else {}


def read_results(path: Path) -> dict[str, str]:
    """The outcome of each test in a JUnit file as pytest writes it."""
    outcomes = {}
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        kinds = {child.tag for child in case}
        outcome = next((kind for kind in ("error", "failure", "skipped") if kind in kinds), "ok")
        outcomes[f"{case.get('classname')}.{case.get('name')}"] = {"failure": "failed"}.get(outcome, outcome)
    return outcomes


def summary(outcomes: dict[str, str]) -> str:
    """How many tests ended in which way."""
    kinds = sorted(set(outcomes.values()))
    return ", ".join(f"{list(outcomes.values()).count(kind)} {kind}" for kind in kinds) or "nothing ran"


if __name__ == "__main__":
    sys.exit(main())
