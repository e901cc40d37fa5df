"""`raddle bench`: every primitive beside the standard library's, on the user's own machine and interpreter."""

from __future__ import annotations

import json
import shutil
import sys

from raddle import __version__
from raddle._bench import rows as catalogue
from raddle._cli import machine, tables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from raddle._bench.measure import Result, Row

# The exit codes for a comparison that cannot be made, and of a process that Ctrl-C has ended.
_USAGE_ERROR = 2
_INTERRUPTED = 130

# In columns. What is narrower has no room for the least times.
_WIDE = 110


def bench(names: Sequence[str], rounds: int, *, every: bool, as_json: bool) -> int:
    """Measure and print. After Ctrl-C, what has been measured until then."""
    rows = catalogue.chosen(names, catalogue.ALL if every else catalogue.QUICK)
    if not rows:
        known = ", ".join(dict.fromkeys(row.primitive for row in catalogue.ALL))
        print(f"raddle bench: no row begins with {' or '.join(names)}; there are {known}", file=sys.stderr)
        return _USAGE_ERROR
    # Asked before there is load of our own.
    interpreter, computer = machine.interpreter(), machine.machine()
    results: list[Result] = []
    interrupted = False
    try:
        for result in catalogue.measure(rows, rounds):
            results.append(result)
            _show_progress(rows, len(results))
    except catalogue.SwitchedError as error:
        print(f"raddle bench: {error}", file=sys.stderr)
        return _USAGE_ERROR
    except KeyboardInterrupt:
        interrupted = True
    told = {
        "raddle": __version__,
        "interpreter": interpreter,
        "machine": computer,
        "rounds": rounds,
        "complete": not interrupted,
        "rows": [result.as_json() for result in results],
    }
    tables.in_one_go(
        lambda: print(json.dumps(told, indent=2)) if as_json else _show_all(results, interpreter, computer)
    )
    return _INTERRUPTED if interrupted else 0


def show(results: Sequence[Result]) -> None:
    """Print the table, the rows where raddle is slower first, and how it is to be read."""
    losses = sorted((result for result in results if result.is_loss), key=lambda result: result.ratio)
    wins = [result for result in results if not result.is_loss]
    has_least = shutil.get_terminal_size((_WIDE, 24)).columns >= _WIDE
    times = ["python", "raddle", "ratio", "quartiles", *(["least: python", "least: raddle"] if has_least else [])]
    tables.show(["", *times, " "], [_cells(result, has_least) for result in (*losses, *wins)], right=times)
    least = " Least: the least time of all rounds." if has_least else ""
    print(
        "\nNanoseconds for one operation, just now; the ratio is python's time to raddle's, the median of the rounds: "
        f"more is better.{least}\nSlower on raddle: {len(losses)} of {len(results)} rows."
    )


def _show_all(results: Sequence[Result], interpreter: machine.Facts, computer: machine.Facts) -> None:
    show(results)
    print(f"\nCPython {interpreter['version']}, {machine.build(interpreter)}.")
    print(f"{computer['processor']}, processors: {computer['processors']}, {computer['system']}.")
    for note in machine.biases(interpreter, computer):
        print(f"- {note}")


def _cells(result: Result, has_least: bool) -> list[str]:
    cells = [result.row.name, f"{result.stock:,.0f}", f"{result.ours:,.0f}"]
    cells += [f"{result.ratio:.2f}", f"{result.low:.1f}-{result.high:.1f}"]
    if has_least:
        cells += [f"{result.stock_least:,.0f}", f"{result.ours_least:,.0f}"]
    return [*cells, "LOSS" if result.is_loss else ""]


def _show_progress(rows: Sequence[Row], done: int) -> None:
    if not sys.stderr.isatty():
        return
    text = f"{done} of {len(rows)}" if done < len(rows) else ""
    # To the beginning of the line, which is then cleared.
    print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
