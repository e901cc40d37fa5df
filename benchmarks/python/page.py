"""Writes the page of results from the records: losing rows first, the goals beside, what to have in mind, and plots.

Usage: `make bench-page`, or `python -m benchmarks.python.page [RECORD ...]` from the root of the project. Without a
record named, of those in `benchmarks/record` the newest of each machine and build that was measured at a clean commit.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.python import names, plots
from benchmarks.python.goals import CRATE_GOALS, GOALS, goal

ROOT = Path(__file__).parents[2]
RECORDS = ROOT / "benchmarks" / "record"
PAGE = ROOT / "docs" / "performance" / "results.md"

Record = dict[str, Any]

HEAD = """\
# Results

Ratios of the standard library's time to raddle's, on the same interpreter, in the same run: more is better, and below 1
raddle is slower. Rows where it is come first. The ratio is the median of the rounds' ratios, with the quartiles; times
are nanoseconds for one operation, the median and the least. Every result was checked.
"""
GROWTH = """\
What one item costs: nanoseconds, the least of the runs, and bytes while all are there. The last line is the largest
number's figure to the smallest's: 1 is flat."""
CRATE = """\
Ratios of each contender's time to that of the first one, which is raddle where it has the thing: below 1 the other is
faster. The rows where one is come first."""
FOOT = """
---

Made by `make bench-page` from the records in `benchmarks/record`, which have every figure.
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.python.page")
    parser.add_argument("record", nargs="*", type=Path, help="only these records")
    arguments = parser.parse_args()
    paths = arguments.record or sorted(RECORDS.glob("*/*.json"))
    records = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    if not arguments.record:
        records = newest(records)
    if not records:
        parser.error("there is no record of a clean commit: make one with `make bench`")
    for path in write(records, PAGE):
        print(path.relative_to(ROOT))


def newest(records: Iterable[Record]) -> list[Record]:
    """Return the last clean record of each machine and build, in the order of their names."""
    found: dict[tuple[str, str], Record] = {}
    for record in sorted(records, key=lambda record: record["date"]):
        if not record["dirty"]:
            found[names.machine(record), names.build(record)] = record
    return [found[key] for key in sorted(found)]


def write(records: Sequence[Record], page: Path) -> list[Path]:
    """Write the page and its plots, and return what was written."""
    written = [page]
    parts = [HEAD]
    for record in records:
        if record["kind"] == "python":
            made = plots.draw(record, page.parent / "plots")
            written += made
            parts.append(python(record, [path.relative_to(page.parent).as_posix() for path in made]))
        elif record["kind"] == "growth":
            parts.append(growth(record))
        else:
            parts.append(rust(record))
    page.write_text("\n".join(parts) + FOOT, encoding="utf-8")
    return written


def python(record: Record, pictures: Sequence[str]) -> str:
    """Return the part of the page about one interpreter."""
    interpreter = record["interpreter"]
    rows = ordered(record["rows"])
    goals = {name_of(row): target(row, interpreter) for row in rows}
    losses = sum(row["ratio"] < 1 for row in rows)
    short = sum(row["ratio"] < goals[name_of(row)] for row in rows if name_of(row) in GOALS)
    aimed = sum(name_of(row) in GOALS for row in rows)
    lines = [
        f"## {names.title(record)}",
        "",
        provenance(record),
        "",
        f"Slower than the standard library: {losses} of {len(rows)} rows. Short of their goals: {short} of {aimed}.",
        "",
        *table(
            ["", "python", "raddle", "ratio", "quartiles", "goal", "least: python", "least: raddle"],
            [cells(row, goals[name_of(row)]) for row in rows],
        ),
        "",
        *(f"![{names.title(record)}: {Path(path).stem.partition('-')[0]}]({path})\n" for path in pictures),
        "To have in mind:",
        "",
        *(f"- {note}" for note in record["notes"]),
        "",
    ]
    return "\n".join(lines)


def ordered(rows: Iterable[Record]) -> list[Record]:
    """Return the rows with the losing ones first, the worst of them at the top."""
    kept = list(rows)
    losses = sorted((row for row in kept if row["ratio"] < 1), key=lambda row: row["ratio"])
    return losses + [row for row in kept if row["ratio"] >= 1]


def cells(row: Record, target: float) -> list[str]:
    name = name_of(row)
    return [
        f"**{name}**" if row["ratio"] < 1 else name,
        f"{row['stock']:,.0f}",
        f"{row['ours']:,.0f}",
        bold(row["ratio"]),
        f"{row['low']:.2f}-{row['high']:.2f}",
        "" if name not in GOALS else f"{target:g}" if row["ratio"] >= target else f"{target:g}, missed",
        f"{row['stock_least']:,.0f}",
        f"{row['ours_least']:,.0f}",
    ]


def target(row: Record, interpreter: Record) -> float:
    return goal(name_of(row), interpreter["version"], gil_enabled=interpreter["gil_enabled"])


def name_of(row: Record) -> str:
    return f"{row['primitive']}: {row['operation']}"


def growth(record: Record) -> str:
    """Return the part about how time and memory grow."""
    lines = [
        f"## Growth, {names.title(record)}",
        "",
        provenance(record),
        "",
        GROWTH,
        "",
    ]
    for work in record["work"]:
        sizes = work["sizes"]
        columns = [work["name"], "ns: python", "ns: raddle", "bytes: python", "bytes: raddle"]
        keys = [(who, field) for field in ("time", "held") for who in ("stock", "ours")]
        rows = [[f"{size['stock']['size']:,}", *(f"{size[who][field]:,.0f}" for who, field in keys)] for size in sizes]
        first, last = sizes[0], sizes[-1]
        flat = [f"{last[who][field] / first[who][field]:.2f}" if first[who][field] > 0 else "-" for who, field in keys]
        lines += [*table(columns, [*rows, ["last to first", *flat]]), ""]
    return "\n".join(lines)


def rust(record: Record) -> str:
    """Return the part about the crate."""
    lines = [
        "## The crate",
        "",
        provenance(record),
        "",
        CRATE,
        "",
    ]
    shown: list[list[str]] = []
    for row in sorted(record["rows"], key=lead):
        first, *others = row["contenders"]
        aims = CRATE_GOALS.get(row["name"], {})
        ratios = ", ".join(versus(other, aims.get(other["name"])) for other in others)
        shown.append([row["name"], first["name"], f"{first['time']:,.0f}", ratios])
    return "\n".join([*lines, *table(["", "first", "ns", "others to it"], shown), ""])


def versus(other: Record, aim: float | None) -> str:
    """Return how another contender compares with the first, and the goal."""
    ratio = f"{other['name']} {bold(other['ratio'])}"
    if aim is None:
        return ratio
    return f"{ratio} (goal {aim:g}{', missed' * (other['ratio'] < aim)})"


def lead(row: Record) -> float:
    """Return the ratio of the fastest other where that is ahead of raddle, and else 1, so that no order is changed."""
    first, *others = row["contenders"]
    return min(1, *(other["ratio"] for other in others)) if first["name"] == "raddle" else 1


def provenance(record: Record) -> str:
    """Say on what, when and with which command it was measured."""
    machine, interpreter = record["machine"], record["interpreter"]
    load = "" if machine["load"] is None else f", load {machine['load']:.1f} before"
    parts = [
        f"{machine['processor']}, processors: {machine['processors']}{load}, {machine['system']}.",
        f"Commit {record['commit'][:10]}{' with changes' * record['dirty']}, {record['date'][:10]}, {record['rust']}.",
    ]
    if record["kind"] != "rust":
        flags = f" `{interpreter['configured_with']}`" if interpreter["configured_with"] else ""
        parts.insert(1, f"{interpreter['compiler']}, configured with{flags or ' nothing that is known'}.")
    if "rounds" in record:
        parts.append(f"{record['rounds']} rounds.")
    return " ".join([*parts, f"`{record['command']}`"])


def bold(ratio: float) -> str:
    """Return the ratio, so that a loss strikes the eye."""
    return f"**{ratio:.2f}**" if ratio < 1 else f"{ratio:.2f}"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a Markdown table whose first column is text, and the others figures."""
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)], *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


if __name__ == "__main__":
    main()
