"""Where the time of rows goes: which part of it is raddle's, and what would be left if that cost nothing.

Usage: ``python -m benchmarks.python.profile [ROW ...]``, with raddle installed, and valgrind and perf on the system. A
row is named as in the table, as ``Lock: with``; without names, those rows are taken of which the documentation speaks.

What one thread does alone is counted in instructions, by callgrind: they do not depend on what else the machine does.
The same work is done 2,000 and 12,000 times, each time in a process of its own, and the difference is what it costs.
What several threads do is sampled by perf, in processor time. Both are added up by the binary they are spent in.
"""

from __future__ import annotations

import argparse
import gc
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from raddle._bench.measure import Library, Row, calibrate, timed
from raddle._bench.rows import ALL, libraries

COUNTS = (2_000, 12_000)
# How long perf looks, and how often in a second.
SECONDS = 3.0
RATE = 4_000

SHOWN = (
    "Lock: acquire, release",
    "Lock: with",
    "RLock: with",
    "Condition: with, notify",
    "Semaphore: acquire, release",
    "Event: set, is_set, clear",
    "Queue: put, get",
    "LifoQueue: put, get",
    "PriorityQueue: put, get",
    "SimpleQueue: put, get",
    "Future: set_result, result",
    "ThreadPoolExecutor: submit 10,000",
    "ThreadPoolExecutor: map 10,000",
    "Thread: start, join",
)

PARTS = ("interpreter", "module", "C library", "kernel")


def main() -> None:
    """Does what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.python.profile")
    parser.add_argument("row", nargs="*", default=SHOWN, help="a row's name, as in the table")
    parser.add_argument("--child", nargs=3, metavar=("LIBRARY", "COUNT", "TIMES"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    rows = [row_called(name) for name in arguments.row]
    if arguments.child:
        library, count, times = arguments.child
        work(rows[0], library_called(library), int(count), int(times))
        return
    alone = [row for row in rows if is_alone(row)]
    together = [row for row in rows if not is_alone(row)]
    print(sys.version)
    if alone:
        show("instructions for one operation (callgrind)", alone, [counted(row) for row in alone])
    if together:
        show("nanoseconds of processor time for one operation (perf)", together, [sampled(row) for row in together])


def row_called(name: str) -> Row:
    """The row of this name."""
    for row in ALL:
        if row.name == name:
            return row
    sys.exit(f"there is no row {name!r}")


def library_called(name: str) -> Library:
    """One of the two contenders."""
    return next(library for library in libraries() if library.name == name)


def is_alone(row: Row) -> bool:
    """Whether one thread does all the work."""
    job = row.prepare(libraries()[0], 1)
    return len(job.tasks) == 1 and not job.has_helpers and row.primitive != "Thread"


def work(row: Row, library: Library, count: int, times: int) -> None:
    """Does a row's work so many times, in a process of its own."""
    gc.disable()
    for _ in range(times):
        timed(row, library, count)


def counted(row: Row) -> list[Counter[str]]:
    """The instructions of an operation on both libraries, by the part that they are spent in."""
    parts = []
    for library in libraries():
        few, many = (instructions(row, library, count) for count in COUNTS)
        parts.append(Counter({part: (many[part] - few[part]) / (COUNTS[1] - COUNTS[0]) for part in PARTS}))
    return parts


def instructions(row: Row, library: Library, count: int) -> Counter[str]:
    """The instructions of a process that does the work so many times."""
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder) / "profile"
        run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}", *child(row, library, count, 1)])
        lines = run(["callgrind_annotate", "--threshold=100", str(profile)]).splitlines()
    total: Counter[str] = Counter()
    whole = 0
    for line in lines:
        if found := re.match(r"\s*([\d,]+) \([ \d.]+%\)\s+(.+?)(?: \[(.*)\])?$", line):
            count, function, binary = int(found[1].replace(",", "")), found[2], found[3]
            if function == "PROGRAM TOTALS":
                whole = count
            else:
                # What is inlined from another file has no binary beside it. Only an interpreter has the debugging
                # information that tells so.
                total[part_of(binary or "python")] += count
    if abs(total.total() - whole) > whole / 100:
        sys.exit(f"callgrind_annotate tells of {total.total():,} instructions of {whole:,}")
    return total


def sampled(row: Row) -> list[Counter[str]]:
    """The processor time of an operation on both libraries, by the part that it is spent in."""
    parts = []
    for library in libraries():
        each = row.count or calibrate(row, library)
        spent, _ = timed(row, library, each)
        times = max(1, int(SECONDS / spent))
        with tempfile.TemporaryDirectory() as folder:
            profile = Path(folder) / "profile"
            command = ["perf", "record", "-q", "-e", "cpu-clock", "-F", str(RATE), "-o", str(profile)]
            run([*command, *child(row, library, each, times)])
            lines = run(["perf", "script", "-i", str(profile), "-F", "ip,dso"]).splitlines()
        samples = Counter(part_of(line.rpartition("(")[2].rstrip(")")) for line in lines if line.strip())
        parts.append(Counter({part: samples[part] / RATE * 1e9 / (each * times) for part in PARTS}))
    return parts


def child(row: Row, library: Library, count: int, times: int) -> list[str]:
    """The command of a process that does the work so many times."""
    told = (library.name, str(count), str(times))
    return [sys.executable, "-m", "benchmarks.python.profile", row.name, "--child", *told]


def part_of(binary: str) -> str:
    """What a binary belongs to."""
    name = Path(binary).name
    if name.startswith("_native"):
        return "module"
    if name.startswith("[kernel"):
        return "kernel"
    if re.match(r"(libc|ld-linux|libpthread|\[vdso)", name):
        return "C library"
    return "interpreter"


def run(command: Sequence[str]) -> str:
    """What a command prints."""
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except FileNotFoundError:
        sys.exit(f"{command[0]} is not installed")
    except subprocess.CalledProcessError as error:
        sys.exit(f"{' '.join(command)}: {error.stderr or error.stdout}")


def show(unit: str, rows: Sequence[Row], parts: Sequence[list[Counter[str]]]) -> None:
    """Prints a table in Markdown."""
    print(f"\n{unit}\n")
    columns = ["python", "raddle", *(f"in the {part}" for part in PARTS), "ratio", "if raddle cost nothing"]
    print(f"|  | {' | '.join(columns)} |")
    print("| --- |" + " ---: |" * len(columns))
    for row, (stock, ours) in zip(rows, parts, strict=True):
        before, after = stock.total(), ours.total()
        cells = [f"{before:,.0f}", f"{after:,.0f}", *(f"{max(0, ours[part]):,.0f}" for part in PARTS)]
        cells += [f"{before / after:.2f}", f"{before / (after - ours['module']):.2f}"]
        print(f"| {row.name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
