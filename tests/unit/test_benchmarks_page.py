"""The page of results says what the records do: losses first, goals beside, and where the figures come from.

The records here are made up, and their figures mean nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from benchmarks.python import names, page, plots, record
from benchmarks.python.goals import CRATE_GOALS, GOALS, goal

from raddle._bench import rows as catalogue

INTERPRETER = {
    "version": "3.14.1",
    "free_threaded_build": False,
    "gil_enabled": True,
    "profile_guided": True,
    "compiler": "A Compiler 1.0",
    "configured_with": "--enable-optimizations",
}
ROWS = [("Lock: with", 2.0), ("Event: round trip; 2 threads", 0.9), ("Queue: put, get", 3.0), ("Lock: made up", 0.5)]


def test_losing_rows_come_first_and_goals_stand_beside() -> None:
    text = page.python(made_up(), ["plots/machine/ratios-3.14.1-pgo.svg"])
    assert table(text) == [
        ["**Lock: made up**", "50", "100", "**0.50**", "0.40-0.60", "", "45", "90"],
        ["**Event: round trip; 2 threads**", "90", "100", "**0.90**", "0.80-1.00", "", "81", "90"],
        ["Lock: with", "200", "100", "2.00", "1.90-2.10", "1.3", "180", "90"],
        ["Queue: put, get", "300", "100", "3.00", "2.90-3.10", "18, missed", "270", "90"],
    ]
    assert "Slower than the standard library: 2 of 4 rows. Short of their goals: 1 of 2." in text
    assert "![CPython 3.14.1, PGO: ratios](plots/machine/ratios-3.14.1-pgo.svg)" in text
    assert "- A note." in text


def test_the_page_says_where_the_figures_come_from() -> None:
    text = page.python(made_up(dirty=True), [])
    for fact in (
        "## CPython 3.14.1, PGO",
        "A Processor, processors: 4, load 0.2 before, Linux 1.0.",
        "A Compiler 1.0, configured with `--enable-optimizations`.",
        "Commit 0123456789 with changes, 2026-01-02, rustc 1.90.0.",
        "7 rounds. `python -m something`",
    ):
        assert fact in text, fact


def test_only_the_last_clean_record_of_a_build_counts() -> None:
    old, new = made_up(date="2026-01-01T00:00:00+00:00"), made_up()
    dirty = made_up(date="2026-01-03T00:00:00+00:00", dirty=True)
    other = made_up(interpreter=INTERPRETER | {"profile_guided": False})
    assert page.newest([new, dirty, old, other]) == [other, new]


def test_growth() -> None:
    sizes = [(10, 4.0, 100.0), (1000, 6.0, 50.0)]
    work = [
        {
            "name": "Made up",
            "sizes": [
                {who: {"size": size, "time": time, "held": held, "peak": 0} for who in ("stock", "ours")}
                for size, time, held in sizes
            ],
        }
    ]
    text = page.growth(made_up(kind="growth", work=work))
    assert "## Growth, CPython 3.14.1, PGO" in text
    assert table(text) == [
        ["10", "4", "4", "100", "100"],
        ["1,000", "6", "6", "50", "50"],
        ["last to first", "1.50", "1.50", "0.50", "0.50"],
    ]


def test_the_crate_is_compared_with_others() -> None:
    contests = {
        "even": [("raddle", 1), ("std", 1.5)],
        "behind": [("raddle", 1), ("std", 0.9), ("other", 2)],
        "far behind": [("raddle", 1), ("std", 0.4)],
        "without": [("other", 1), ("std", 0.2)],
        "lock, one thread": [("raddle", 1), ("std", 0.97), ("parking_lot", 0.96)],
        "queue 64, 1 to 1": [("raddle", 1), ("crossbeam-channel", 0.98)],
    }
    rows = [
        {"name": name, "contenders": [{"name": who, "time": 10.0, "ratio": ratio} for who, ratio in contenders]}
        for name, contenders in contests.items()
    ]
    text = page.rust(made_up(kind="rust", rows=rows))
    assert table(text) == [
        ["far behind", "raddle", "10", "std **0.40**"],
        ["behind", "raddle", "10", "std **0.90**, other 2.00"],
        ["lock, one thread", "raddle", "10", "std **0.97** (goal 0.95), parking_lot **0.96**"],
        ["queue 64, 1 to 1", "raddle", "10", "crossbeam-channel **0.98** (goal 1, missed)"],
        ["even", "raddle", "10", "std 1.50"],
        ["without", "other", "10", "std **0.20**"],
    ]


def test_the_whole_page(tmp_path: Path) -> None:
    pytest.importorskip(
        "matplotlib", reason="only who makes the page needs it: benchmarks/python/page-requirements.txt"
    )
    performance = tmp_path / "performance"
    performance.mkdir()
    written = page.write([made_up()], performance / "results.md")
    text, *pictures = [path.read_text() for path in written]
    assert text.startswith("# Results\n")
    assert [path.name for path in written] == ["results.md", "ratios-3.14.1-pgo.svg", "throughput-3.14.1-pgo.svg"]
    for path, picture in zip(written[1:], pictures, strict=True):
        assert f"]({path.relative_to(performance)})" in text
        assert "CPython 3.14.1, PGO" in picture
    assert "Event: round trip; 2 threads" in pictures[0]
    assert "Lock: made up series" in pictures[1]
    # The same record gives the same files.
    page.write([made_up()], performance / "results.md")
    assert [path.read_text() for path in written[1:]] == pictures


def test_points_of_a_curve_are_in_the_order_of_their_threads() -> None:
    rows = [
        {"primitive": "Lock", "operation": str(threads), "series": series, "threads": threads}
        for threads, series in ((4, "a"), (1, "a"), (1, "alone"), (2, "a"), (1, None))
    ]
    found = plots.series_of(rows)
    assert {name: [row["threads"] for row in points] for name, points in found.items()} == {"Lock: a": [1, 2, 4]}


def test_goals_are_of_rows_that_are_measured() -> None:
    assert set(GOALS) <= {row.name for row in catalogue.QUICK}


def test_the_goals_of_the_crate_are_of_rows_and_contenders_that_are_measured() -> None:
    sources = "".join(path.read_text() for path in (record.ROOT / "benchmarks/rust/src").glob("*.rs"))
    contenders = {name for goals in CRATE_GOALS.values() for name in goals}
    # Names with numbers are put together there.
    rows = {name for name in CRATE_GOALS if not name.startswith(("queue ", "lock, ")) or name == "lock, one thread"}
    assert len(rows) == 3
    assert [name for name in contenders | rows if f'"{name}"' not in sources] == []


def test_goals_depend_on_the_interpreter() -> None:
    lock = "Lock: acquire, release"
    assert goal(lock, "3.13.11", gil_enabled=True) == 1.6
    assert goal(lock, "3.14.0", gil_enabled=True) == 1.3
    assert goal(lock, "3.14.0", gil_enabled=False) == 1.2
    assert goal("Lock: made up", "3.14.0", gil_enabled=True) == 1


def test_a_record_has_its_place(tmp_path: Path) -> None:
    for changes, place in (
        ({}, "3.14.1-pgo-0123456789.json"),
        ({"dirty": True}, "3.14.1-pgo-0123456789-dirty.json"),
        ({"kind": "growth"}, "growth-3.14.1-pgo-0123456789.json"),
        ({"kind": "rust"}, "rust-1.90.0-0123456789.json"),
        (
            {"interpreter": INTERPRETER | {"free_threaded_build": True, "profile_guided": False}},
            "3.14.1t-no-pgo-0123456789.json",
        ),
    ):
        made = made_up(**changes)
        path = record.write(made, tmp_path)
        assert path == tmp_path / "a-processor-4" / place
        assert json.loads(path.read_text()) == made


def test_a_record_names_no_place_of_the_machine() -> None:
    told = record.without_paths(
        {
            "executable": "/home/me/python",
            "version": "3.14.1",
            "configured_with": "--prefix=/home/me --with-lto 'A=b c'",
        }
    )
    assert told == {"version": "3.14.1", "configured_with": "--with-lto 'A=b c'"}


def test_what_a_record_says_of_itself() -> None:
    if not (record.ROOT / ".git").exists():
        pytest.skip("no checkout, so no commit")
    about = record.about("python")
    assert len(about["commit"]) == 40
    assert about["machine"]["processors"] > 0
    assert about["notes"]
    assert names.title(about).startswith("CPython 3.")
    # What the build says of itself counts.
    says = about["interpreter"]["profile_guided"]
    for known in (True, False):
        assert record.about("python", known)["interpreter"]["profile_guided"] is (known if says is None else says)


def made_up(**changes: Any) -> dict[str, Any]:
    rows = []
    for index, (name, ratio) in enumerate(ROWS):
        primitive, operation = name.split(": ")
        rows.append(
            {
                "primitive": primitive,
                "operation": operation,
                "series": "made up series" if primitive == "Lock" else None,
                "threads": index + 1,
                "stock": 100 * ratio,
                "ours": 100.0,
                "stock_least": 90 * ratio,
                "ours_least": 90.0,
                "ratio": ratio,
                "low": ratio - 0.1,
                "high": ratio + 0.1,
            }
        )
    about = {
        "kind": "python",
        "date": "2026-01-02T03:04:05+00:00",
        "command": "python -m something",
        "commit": "0123456789" * 4,
        "dirty": False,
        "machine": {"processor": "A Processor", "processors": 4, "system": "Linux 1.0", "load": 0.2},
        "interpreter": INTERPRETER,
        "rust": "rustc 1.90.0",
        "notes": ["A note."],
        "rounds": 7,
        "rows": rows,
    }
    return about | changes


def table(text: str) -> list[list[str]]:
    """Return the lines of a Markdown table, without its head."""
    lines = [line.strip("|").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line] for line in lines[2:]]
