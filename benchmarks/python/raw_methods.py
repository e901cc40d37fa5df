"""What raw methods are worth: the standard library, plain PyO3 methods and raw ones, side by side.

Usage: `make bench-raw`, which builds the native module with the feature `plain`. That gives `Lock` and `Queue` the
hottest methods a second time, as PyO3 makes them from the same core.
"""

from __future__ import annotations

import argparse
import sys
from statistics import median, quantiles

from rich import box
from rich.console import Console
from rich.table import Table

from raddle._bench.lock import acquire_and_release
from raddle._bench.measure import Job, Library, Row, calibrate, seconds
from raddle._bench.queue import put_and_get, unbounded
from raddle._bench.rows import libraries
from raddle._cli.machine import build, interpreter

STOCK, OURS = libraries()


def plain_acquire_and_release(library: Library, count: int) -> Job:
    lock = library.threading.Lock()

    def work() -> None:
        for _ in range(count):
            lock.plain_acquire()
            lock.plain_release()

    return Job([work], lambda: not lock.locked())


def plain_put_and_get(library: Library, count: int) -> Job:
    queue = library.queue.Queue()
    last = None

    def work() -> None:
        nonlocal last
        for number in range(count):
            queue.plain_put(number)
            last = queue.plain_get()

    return Job([work], lambda: last == count - 1 and queue.empty())


# Of each operation: the standard library, plain, raw.
CONTESTS = {
    operation: [
        (Row(operation, "stock", usual), STOCK),
        (Row(operation, "plain", plain), OURS),
        (Row(operation, "raw", usual), OURS),
    ]
    for operation, usual, plain in (
        ("Lock: acquire, release", acquire_and_release, plain_acquire_and_release),
        ("Queue: put, get", put_and_get(unbounded), plain_put_and_get),
    )
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.python.raw_methods")
    parser.add_argument("--rounds", type=int, default=41)
    arguments = parser.parse_args()
    if not hasattr(OURS.threading.Lock(), "plain_acquire"):
        sys.exit("the native module was built without the feature `plain`: use `make bench-raw`")
    table = Table(box=box.MARKDOWN)
    for heading in ("", "stock ns", "plain ns", "raw ns", "stock/plain", "stock/raw", "plain/raw"):
        table.add_column(heading, justify="left" if not heading else "right", no_wrap=True)
    for operation, contest in CONTESTS.items():
        count = calibrate(*contest[0])
        rounds: list[list[float]] = []
        for index in range(arguments.rounds):
            # Whoever goes first changes from round to round.
            order = [(index + place) % len(contest) for place in range(len(contest))]
            times = dict.fromkeys(order, 0.0)
            for place in order:
                row, library = contest[place]
                times[place] = seconds(row, library, count)
            rounds.append([times[place] for place in range(len(contest))])
        table.add_row(
            operation,
            *(f"{median(each[place] for each in rounds) * 1e9 / count:.1f}" for place in range(len(contest))),
            *(spread([each[a] / each[b] for each in rounds]) for a, b in ((0, 1), (0, 2), (1, 2))),
        )
    console = Console(width=120)
    facts = interpreter()
    console.print(f"CPython {facts['version']}, {build(facts)}", highlight=False)
    console.print(table)


def spread(ratios: list[float]) -> str:
    low, middle, high = quantiles(ratios, n=4)
    return f"{middle:.2f} ({low:.2f}-{high:.2f})"


if __name__ == "__main__":
    main()
