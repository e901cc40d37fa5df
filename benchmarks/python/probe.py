"""What the bookkeeping of diagnostics costs in Python: two builds of raddle, with it and without, side by side.

Usage: `make bench-probe`, which makes both builds. Each runs in a process of its own; they take turns, round by round,
and one waits while the other works.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
from statistics import median

from benchmarks.python.raw_methods import spread
from rich import box
from rich.console import Console
from rich.table import Table

from raddle import diagnostics
from raddle._bench.lock import acquire_and_release, with_lock
from raddle._bench.measure import Row, calibrate, seconds
from raddle._bench.queue import put_and_get, unbounded
from raddle._bench.rlock import with_rlock
from raddle._bench.rows import libraries
from raddle._bench.thread_pool import one_by_one

_, OURS = libraries()
ROWS = [
    Row("Lock", "acquire, release", acquire_and_release),
    Row("Lock", "with", with_lock),
    Row("RLock", "with", with_rlock),
    Row("Queue", "put, get", put_and_get(unbounded)),
    Row("ThreadPoolExecutor", "submit, result", one_by_one),
]


class Contender:
    """A build of raddle, in the environment of an interpreter."""

    def __init__(self, python: str, *, probe: bool) -> None:
        command = [python, "-m", "benchmarks.python.probe", "--serve"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self._ask("probe") != probe:
            sys.exit(f"{python} has a raddle {'without' if probe else 'with'} the probe: use `make bench-probe`")

    def seconds(self, row: int, count: int) -> float:
        """Return the time that `count` operations take."""
        return float(self._ask([row, count]))

    def end(self) -> None:
        """End the process."""
        self._process.communicate()

    def _ask(self, question: object) -> float:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(question)}\n")
        self._process.stdin.flush()
        answer: float = json.loads(self._process.stdout.readline())
        return answer


def serve() -> None:
    for line in sys.stdin:
        question = json.loads(line)
        answer = has_probe() if question == "probe" else seconds(ROWS[question[0]], OURS, question[1])
        print(json.dumps(answer), flush=True)


def has_probe() -> bool:
    """Return whether raddle knows that this thread holds a lock."""
    with OURS.threading.Lock():
        return any(thread.holds for thread in diagnostics.snapshot().threads)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.python.probe")
    parser.add_argument("--serve", action="store_true", help="measure what standard input asks for")
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("without", nargs="?", help="an interpreter whose raddle was built without the probe")
    arguments = parser.parse_args()
    if arguments.serve:
        serve()
        return
    contenders = [Contender(sys.executable, probe=True), Contender(arguments.without, probe=False)]
    table = Table(box=box.MARKDOWN)
    for heading in ("", "with ns", "without ns", "more ns", "with/without"):
        table.add_column(heading, justify="left" if not heading else "right", no_wrap=True)
    for index, row in enumerate(ROWS):
        count = calibrate(row, OURS)
        rounds: list[tuple[float, float]] = []
        for number in range(arguments.rounds + 1):
            order = (0, 1) if number % 2 else (1, 0)
            times = {place: contenders[place].seconds(index, count) * 1e9 / count for place in order}
            rounds.append((times[0], times[1]))
        # The first round warms up.
        del rounds[0]
        table.add_row(
            f"{row.primitive}: {row.operation}",
            *(f"{median(each[place] for each in rounds):.1f}" for place in (0, 1)),
            f"{median(first - second for first, second in rounds):+.1f}",
            spread([first / second for first, second in rounds]),
        )
    for contender in contenders:
        contender.end()
    console = Console(width=120)
    console.print(f"CPython {platform.python_version()}", highlight=False)
    console.print(table)


if __name__ == "__main__":
    main()
