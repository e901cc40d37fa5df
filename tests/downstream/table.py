"""The table of published packages, a section for each interpreter that they ran on."""

from __future__ import annotations

import platform
import re
import subprocess
from pathlib import Path

from tests.downstream.comparison import Comparison
from tests.downstream.suites import FREE_THREADED, Package

HEAD = """\
# Published packages

Packages that use threads, locks, queues or pools have tests of their own, which were not written for raddle.
`make downstream` fetches some and runs these tests three times, each time in a process of its own: on the standard
library, with `RADDLE_INSTALL=1`, and on the standard library again. Each test must end as on the standard library, and
raddle must not say a word, as it would if it took a program for deadlocked. Before and after the tests a guard makes
sure that the classes in the process are raddle's, or stock. A test that ends in two ways on the standard library is
counted as unsteady; on raddle it must end in one of these. Tests that a package expects to fail are among the skipped.

`python -m tests.downstream --table docs/packages.md` writes this page; the packages and what they need are in
[tests/downstream/packages.toml](../tests/downstream/packages.toml).
"""

COLUMNS = ("package", "version", "tests", "stock", "raddle", "unsteady", "left out")


def row(package: Package, comparison: Comparison) -> str:
    """A line of the table."""
    cells = [
        package.name,
        package.version,
        str(len(comparison.stock.outcomes)),
        comparison.stock.summary(),
        comparison.raddle.summary(),
        str(len(comparison.unsteady())),
        "; ".join(f"`{path}`: {reason}" for path, reason in package.left_out.items()),
    ]
    return f"| {' | '.join(cells)} |"


def section(rows: list[str], problems: list[str]) -> str:
    """What ran on this interpreter, as Markdown."""
    found = ["Different from stock:", "", *(f"- {problem}" for problem in problems)] if problems else ["Same as stock."]
    lines = [
        f"## {interpreter()}",
        "",
        f"{platform.platform(terse=True)} on {platform.machine()}, raddle at commit {commit()}.",
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"| {' | '.join('---' for _ in COLUMNS)} |",
        *rows,
        "",
        *found,
    ]
    return "\n".join(lines) + "\n"


def put(new: str, page: Path) -> None:
    """Writes the page, with the sections of other interpreters that it has."""
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    sections = {
        part.splitlines()[0]: part.rstrip() + "\n" for part in re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]
    }
    sections[new.splitlines()[0]] = new
    page.write_text("\n".join([HEAD, *(sections[title] for title in sorted(sections))]), encoding="utf-8")


def interpreter() -> str:
    """The interpreter that runs this, in words."""
    return f"CPython {platform.python_version()}{', free-threaded' if FREE_THREADED else ''}"


def commit() -> str:
    """The commit that is checked out, and whether the files that are built differ from it."""
    root = Path(__file__).parents[2]

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout.strip()

    changed = git("status", "--porcelain", "--", "Cargo.lock", "crates", "python")
    return git("rev-parse", "--short", "HEAD") + (" with changes" if changed else "")
