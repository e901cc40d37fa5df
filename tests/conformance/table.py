"""Writes ``docs/conformance.md`` from the recorded lists: which of CPython's own tests pass on raddle.

Usage: ``python -m tests.conformance.table``. It needs no particular interpreter: the lists of all versions are read.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from tests.conformance import run, whole

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"

GROUPS = {
    "primitives": "`lock_tests`, `test_queue`, bound",
    "futures": "`test_concurrent_futures`, the thread side, bound",
}

# Why there is no list.
WITHOUT = {
    ("3.12", GROUPS["futures"]): "installed without these tests, and no system package has them",
    ("3.12", "`test_concurrent_futures`, whole"): "installed without these tests, and no system package has them",
}

TEXT = """\
# CPython's own tests

<!-- Written by `python -m tests.conformance.table` from the lists in `tests/conformance/outcomes`. -->

{sentence}

Two kinds of runs are counted. *Bound* means: CPython's test classes are run on raddle's classes, class by class, and
each object is checked to be raddle's. The *whole* modules are run as they are, by CPython's own runner with
`-M 6g -u walltime,cpu`, under `raddle run` and once more without; that process and two of its children are checked to
be switched. A word of raddle, such as a report of a deadlock, fails the run. Each version is measured by its own tests,
and a test that ends otherwise than its list says fails `make conformance`, whether it got worse or better.

- *ok*: passes on raddle and on the standard library.
- *proves nothing*: passes on both, but without raddle's classes; the list says what it tests instead.
- *skipped*: on both, by CPython's own condition.
- *differs*: ends otherwise on raddle; each one is explained below.

How the runs are made, and what is left out, stands in [tests/conformance](../tests/conformance/README.md).

{table}
{differences}
## What passes without proving anything

{vacuous}

## What is skipped on both

{skipped}
"""


def main() -> int:
    """Writes the page."""
    PAGE.write_text(page())
    print(PAGE)
    return 0


def page() -> str:
    """The page that the recorded lists make."""
    rows = list(all_rows())
    every = [line for _, _, lines in rows for line in lines]
    return TEXT.format(
        sentence=sentence(every),
        table=table(rows),
        differences=differences(rows),
        vacuous=reasons(rows, "vacuous"),
        skipped=reasons(rows, "skipped"),
    )


Row = tuple[str, str, list[str]]


def all_rows() -> Iterator[Row]:
    """Each version's groups, with their lines."""
    for version in versions():
        for group, words in GROUPS.items():
            yield version, words, lines_of(group, version)
        lines = sorted(lines_of(whole.GROUP, version), key=whole.module_of)
        by_module = {module: list(found) for module, found in groupby(lines, key=whole.module_of)}
        for module in whole.MODULES:
            yield version, f"`{module}`, whole", by_module.get(module, [])


def versions() -> list[str]:
    """The versions that have a list, in their order."""
    found = {path.stem for path in run.OUTCOMES.glob("*/*.txt")}
    return sorted(found, key=lambda version: (int(version.removesuffix("t").partition(".")[2]), version))


def lines_of(group: str, version: str) -> list[str]:
    """The lines of a list; none where there is no list."""
    path = run.OUTCOMES / group / f"{version}.txt"
    return [line for line in path.read_text().splitlines() if not line.startswith("#")] if path.exists() else []


def sentence(lines: list[str]) -> str:
    """The one sentence that says it all."""
    counts = Counter(kind_of(line) for line in lines)
    return (
        f"**{counts['ok']:,} of {len(lines):,} pass on raddle as on the standard library, the rest with reasons**: "
        f"{counts['vacuous']:,} pass without proving anything about raddle, {counts['skipped']:,} are skipped on both, "
        f"and {counts['differs'] or 'none'} {'differs' if counts['differs'] < 2 else 'differ'}."
    )


def kind_of(line: str) -> str:
    """The column of the table that a line counts in."""
    outcome = line.split()[0]
    return outcome if outcome in ("ok", "vacuous", "skipped") else "differs"


def table(rows: Iterable[Row]) -> str:
    """A line for each version and group."""
    written = [
        "| CPython | tests | how many | ok | proves nothing | skipped | differs |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for version, group, lines in rows:
        counts = Counter(kind_of(line) for line in lines)
        if lines:
            cells = [len(lines), *(counts[kind] for kind in ("ok", "vacuous", "skipped", "differs"))]
            written.append(f"| {version} | {group} | " + " | ".join(map(str, cells)) + " |")
        else:
            written.append(f"| {version} | {group} | none: {WITHOUT[version, group]} | | | | |")
    return "\n".join(written) + "\n"


def differences(rows: Iterable[Row]) -> str:
    """What ends otherwise on raddle, each with its reason."""
    found = [(version, line) for version, _, lines in rows for line in lines if kind_of(line) == "differs"]
    if not found:
        return ""
    written = ["## What differs", "", "| CPython | test | raddle / stock | reason |", "| --- | --- | --- | --- |"]
    for version, line in found:
        written.append(f"| {version} | `{line.split()[1]}` | {line.split()[0]} | {in_a_cell(reason_of(line))} |")
    return "\n".join(["", *written, ""])


def reasons(rows: Iterable[Row], kind: str) -> str:
    """How often each reason is given, and on which versions."""
    found: dict[tuple[str, str], Counter[str]] = {}
    for version, group, lines in rows:
        for line in lines:
            if kind_of(line) == kind:
                found.setdefault((group, reason_of(line)), Counter())[version] += 1
    written = ["| tests | reason | how many on each CPython |", "| --- | --- | --- |"]
    for (group, reason), counts in sorted(found.items()):
        each = ", ".join(f"{version}: {count}" for version, count in counts.items())
        written.append(f"| {group} | {in_a_cell(reason)} | {each} |")
    return "\n".join(written)


def reason_of(line: str) -> str:
    """What stands behind the mark."""
    return line.partition("  # ")[2]


def in_a_cell(text: str) -> str:
    """A text as it may stand in a table."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


if __name__ == "__main__":
    sys.exit(main())
