"""The plots of the page: ratios as bars, and throughput over the number of threads."""

from __future__ import annotations

import importlib
from collections import defaultdict
from pathlib import Path
from typing import Any

from benchmarks.python import names

Record = dict[str, Any]

# Of the standard library, and of raddle; they can be told apart in grey as well.
COLOURS = {"python": "#8a8a8a", "raddle": "#b5460f"}


def draw(record: Record, plots: Path) -> list[Path]:
    """Draw what there is to draw of a record in the folder of its machine, and return the files."""
    matplotlib: Any = importlib.import_module("matplotlib")
    matplotlib.use("svg")
    # The same record gives the same file, with letters that can be read as such.
    matplotlib.rcParams.update({"svg.hashsalt": "raddle", "svg.fonttype": "none", "font.size": 8})
    folder = plots / names.machine(record)
    folder.mkdir(parents=True, exist_ok=True)
    title, build = names.title(record), names.build(record)
    files = [bars(record["rows"], title, folder / f"ratios-{build}.svg")]
    if series := series_of(record["rows"]):
        files.append(curves(series, title, folder / f"throughput-{build}.svg"))
    return files


def bars(rows: list[Record], title: str, file: Path) -> Path:
    """Draw the ratios, the least first."""
    pyplot = importlib.import_module("matplotlib.pyplot")
    ordered = sorted(rows, key=lambda row: row["ratio"], reverse=True)
    figure, axes = pyplot.subplots(figsize=(8, 0.9 + 0.17 * len(ordered)), layout="constrained")
    ratios = [row["ratio"] for row in ordered]
    errors = [
        [row["ratio"] - row["low"] for row in ordered],
        [row["high"] - row["ratio"] for row in ordered],
    ]
    colours = [COLOURS["raddle" if ratio >= 1 else "python"] for ratio in ratios]
    # From 1, so that a bar to the left is a loss.
    axes.barh(
        range(len(ordered)), [ratio - 1 for ratio in ratios], left=1, color=colours, xerr=errors, ecolor="#404040"
    )
    axes.set_yticks(range(len(ordered)), [f"{row['primitive']}: {row['operation']}" for row in ordered])
    axes.set_ylim(-0.7, len(ordered) - 0.3)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.axvline(1, color="black", linewidth=0.8)
    axes.grid(axis="x", alpha=0.3)
    axes.set_xlabel("python's time to raddle's, with quartiles; right of 1 raddle is faster")
    axes.set_title(title)
    return save(figure, file)


def curves(series: dict[str, list[Record]], title: str, file: Path) -> Path:
    """Draw the throughput over the number of threads, a plot for each series."""
    pyplot = importlib.import_module("matplotlib.pyplot")
    columns = 2
    lines = -(-len(series) // columns)
    figure, grid = pyplot.subplots(lines, columns, figsize=(8, 2.4 * lines), layout="constrained", squeeze=False)
    for axes, (name, rows) in zip(grid.flat, series.items(), strict=False):
        threads = [row["threads"] for row in rows]
        for library, key in (("python", "stock"), ("raddle", "ours")):
            throughput = [1e3 / row[key] for row in rows]
            axes.plot(threads, throughput, "o-", markersize=3, color=COLOURS[library], label=library)
        axes.set_title(name)
        axes.set_xticks(threads)
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
    for axes in list(grid.flat)[len(series) :]:
        axes.set_visible(False)
    grid[0][0].legend()
    figure.supxlabel("threads")
    figure.supylabel("million operations in a second")
    figure.suptitle(title)
    return save(figure, file)


def series_of(rows: list[Record]) -> dict[str, list[Record]]:
    """Return the rows of each series of two points or more, by the number of threads."""
    found: dict[str, list[Record]] = defaultdict(list)
    for row in rows:
        if row["series"] is not None:
            found[f"{row['primitive']}: {row['series']}"].append(row)
    return {name: sorted(points, key=lambda row: row["threads"]) for name, points in found.items() if len(points) > 1}


def save(figure: Any, file: Path) -> Path:
    # Without the date of the drawing, which says nothing about the record.
    figure.savefig(file, metadata={"Date": None})
    importlib.import_module("matplotlib.pyplot").close(figure)
    # matplotlib leaves spaces at the ends of lines.
    lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join(line.rstrip() for line in lines) + "\n", encoding="utf-8")
    return file
