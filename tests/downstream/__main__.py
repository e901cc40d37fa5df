"""Runs the tests of published packages on raddle and on the standard library, and compares test by test.

Usage: ``python -m tests.downstream [--table FILE] [PACKAGE ...]``, in an environment in which raddle is installed. What
``packages.toml`` names is fetched into ``.build``. Each suite runs on the standard library, on raddle, and on the
standard library again: what ends in two ways on stock is called unsteady. Exit code 0 means that every other test ended
as on stock and that raddle said nothing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from tests.downstream import suites, table
from tests.interruptible import let_children_be_interrupted


def main() -> int:
    """Runs the suites, and prints what differs and a table."""
    known = suites.known()
    parser = argparse.ArgumentParser(prog="python -m tests.downstream")
    parser.add_argument("--table", type=Path, metavar="FILE", help="put the table into this file as well")
    parser.add_argument("package", nargs="*", default=list(known))
    arguments = parser.parse_args()
    unknown = [name for name in arguments.package if name not in known]
    if unknown:
        parser.error(f"packages.toml does not name {', '.join(unknown)}")
    if arguments.table and set(arguments.package) != set(known):
        parser.error("a table is about all packages")

    let_children_be_interrupted()
    rows, problems = [], []
    for name in arguments.package:
        package = known[name]
        try:
            suites.fetch(package)
        except (OSError, subprocess.CalledProcessError) as error:
            problems.append(f"{name}: cannot be fetched: {error}")
            continue
        comparison = suites.compare(package)
        rows.append(table.row(package, comparison))
        problems += [f"{name}: {problem}" for problem in comparison.problems()]
        for test, outcome in comparison.unsteady().items():
            print(f"  unsteady: {test}: {outcome}", flush=True)

    section = table.section(rows, problems)
    print(f"\n{section}")
    if arguments.table:
        table.put(section, arguments.table)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
