"""The quick comparison with the standard library: every primitive, in about a minute.

Usage: `python -m benchmarks.python.quick [--rounds N] [--json] [NAME ...]`, from the root of the project, in an
environment in which raddle is installed. A name picks the primitives that begin with it.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import dataclasses
import json
import platform
import queue
import sys
import threading
from collections.abc import Iterator

from benchmarks.python import (
    barrier,
    condition,
    event,
    future,
    lifo_queue,
    lock,
    priority_queue,
    semaphore,
    simple_queue,
    thread,
    thread_pool,
)
from benchmarks.python import queue as queues
from benchmarks.python.measure import ROUND, Library, Result, Row, compare
from rich import box
from rich.console import Console
from rich.table import Table

import raddle.concurrent.futures
import raddle.queue
import raddle.threading

ROWS = [
    *queues.ROWS,
    *lifo_queue.ROWS,
    *priority_queue.ROWS,
    *simple_queue.ROWS,
    *event.ROWS,
    *semaphore.ROWS,
    *lock.ROWS,
    *condition.ROWS,
    *barrier.ROWS,
    *future.ROWS,
    *thread_pool.ROWS,
    *thread.ROWS,
]
ROUNDS = 9


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.python.quick")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds for each row, at least 2 ({ROUNDS})")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.add_argument("name", nargs="*", help="only primitives that begin with this")
    arguments = parser.parse_args()
    names = tuple(arguments.name) or ("",)
    rows = [row for row in ROWS if row.primitive.startswith(names)]
    results = list(measure(rows, arguments.rounds))
    if arguments.json:
        print(json.dumps([as_json(result) for result in results], indent=2))
    else:
        show(results, Console())


def measure(rows: list[Row] = ROWS, rounds: int = ROUNDS, length: float = ROUND) -> Iterator[Result]:
    """Measure the rows, one after the other, in rounds of about that many seconds."""
    stock = Library("the standard library", threading, queue, concurrent.futures)
    ours = Library("raddle", raddle.threading, raddle.queue, raddle.concurrent.futures)
    # In a switched process the standard library's names are raddle's, and both contenders the same.
    if stock.threading.Event is ours.threading.Event:
        sys.exit("this process runs on raddle; the comparison needs the standard library beside it")
    for row in rows:
        yield compare(row, stock, ours, rounds, length)


def show(results: list[Result], console: Console) -> None:
    """Print the table, and how it is to be read."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    for heading in ("python", "raddle", "ratio", "quartiles"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for result in results:
        table.add_row(
            f"{result.row.primitive}: {result.row.operation}",
            f"{result.stock:,.0f}",
            f"{result.ours:,.0f}",
            f"{result.ratio:.2f}",
            f"{result.low:.1f}-{result.high:.1f}",
            "LOSS" if result.is_loss else "",
            style="bold" if result.is_loss else "",
        )
    console.print(table)
    losses = sum(result.is_loss for result in results)
    console.print(
        f"CPython {platform.python_version()}, this machine, just now. Nanoseconds for one operation; the ratio is "
        f"python's time to raddle's, the median of the rounds: more is better. Slower on raddle: {losses} of "
        f"{len(results)} rows.",
        highlight=False,
    )


def as_json(result: Result) -> dict[str, object]:
    fields = dataclasses.asdict(result)
    row = fields.pop("row")
    return {"primitive": row["primitive"], "operation": row["operation"], **fields}


if __name__ == "__main__":
    main()
