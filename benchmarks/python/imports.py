"""What it costs to import raddle's modules in place of the standard library's, and to start on raddle at all.

Usage: `make bench-import`. Each import happens in a process of its own. Both contenders' processes take turns, round by
round. What is measured is the CPU time of the process up to the end of the import, the start of the interpreter
included, because the start-up hook works there: so it is the difference that tells. Of the differences the median and
the quartiles are shown, and the difference of the least times, which a machine whose speed changes disturbs least.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from statistics import median, quantiles
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table

from raddle._cli import machine

# The child says which classes it has got, so that nobody measures the wrong ones.
CHILD = """
{imports}
import sys, time
print(time.process_time(), "raddle._native" in sys.modules)
"""

# Let its processes run on the standard library, whatever the surroundings say.
STOCK = {name: value for name, value in os.environ.items() if not name.startswith("RADDLE_")}


class Row(NamedTuple):
    """What two processes import, and whether the second is switched by its environment."""

    title: str
    stock: str
    ours: str
    switched: bool = False


STANDARD = "import threading, queue, concurrent.futures.thread"

ROWS = [
    Row("threading", "import threading", "import raddle.threading"),
    Row("queue", "import queue", "import raddle.queue"),
    Row("concurrent.futures.thread", "import concurrent.futures.thread", "import raddle.concurrent.futures.thread"),
    Row("all three", STANDARD, "import raddle.threading, raddle.queue, raddle.concurrent.futures.thread"),
    Row("raddle run: nothing", "", "", switched=True),
    Row("raddle run: all three", STANDARD, STANDARD, switched=True),
]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.python.imports")
    parser.add_argument("--rounds", type=int, default=41)
    rounds = parser.parse_args().rounds
    table = Table(box=box.MARKDOWN)
    for heading in ("imported", "stock ms", "raddle ms", "more ms", "least: more ms"):
        table.add_column(heading, justify="left" if heading == "imported" else "right", no_wrap=True)
    for row in ROWS:
        pairs = []
        for number in range(rounds + 1):
            order = (False, True) if number % 2 else (True, False)
            times = {ours: cpu_time(row, ours=ours) * 1e3 for ours in order}
            pairs.append((times[False], times[True]))
        # The first round brings files into memory, and compiles them.
        del pairs[0]
        more = [ours - stock for stock, ours in pairs]
        low, _, high = quantiles(more, n=4)
        medians = [f"{median(pair[place] for pair in pairs):.1f}" for place in (0, 1)]
        least = min(ours for _, ours in pairs) - min(stock for stock, _ in pairs)
        table.add_row(row.title, *medians, f"{median(more):+.1f} ({low:+.1f} to {high:+.1f})", f"{least:+.1f}")
    console = Console(width=120)
    console.print(f"{machine.build(machine.interpreter())}", highlight=False)
    console.print(table)


def cpu_time(row: Row, *, ours: bool) -> float:
    """Return the seconds that a process computes until it has imported what the row says."""
    environment = STOCK | {"RADDLE_INSTALL": "1"} if ours and row.switched else STOCK
    program = CHILD.format(imports=row.ours if ours else row.stock)
    output = subprocess.check_output([sys.executable, "-c", program], env=environment, text=True)
    seconds, is_native = output.split()
    assert is_native == str(ours), (row, output)
    return float(seconds)


if __name__ == "__main__":
    main()
