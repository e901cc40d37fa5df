"""Whether time and memory for each item stay the same while their number grows.

Usage: `make bench-growth`, or `python -m benchmarks.python.growth [--repeats N] [--json] [NAME ...]`. Linux only:
memory is what the kernel says.

Every measurement has a process of its own, so that none finds memory which another has left behind, and the libraries
take turns. Results are checked; times and memory are only shown.
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from raddle._bench.measure import Library
from raddle._bench.rows import libraries
from raddle._cli import tables

# Processes for each figure.
REPEATS = 3

# Measures in a process of its own: which work, the place of the library, how many.
CHILD = [sys.executable, "-m", "benchmarks.python.growth", "--child"]

# Threads that only wait need little.
STACK = 256 * 1024


class Meter:
    """What one measurement has cost. The clock is the time of this process' processors, or the one on the wall."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        gc.collect()
        # The high-water mark falls to what is in use now. Where that is forbidden, the imports' counts too.
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        self._before = memory("VmRSS")
        self._begin = clock()
        self.held = 0
        self.seconds = 0.0
        self.peak = 0

    def full(self) -> None:
        """Note the memory that is held while all the items are there."""
        self.seconds += self._clock() - self._begin
        self.held = memory("VmRSS") - self._before
        self._begin = self._clock()

    def end(self) -> None:
        """Note the time, and the memory at its highest."""
        self.seconds += self._clock() - self._begin
        # The kernel counts in lots, so that the highest may seem to be less than what was there.
        self.peak = max(self.held, memory("VmHWM") - self._before)


@dataclass(frozen=True, slots=True)
class Growing:
    """Work with so many items: what it is called, with how many it is done, and by which clock it is measured."""

    name: str
    sizes: tuple[int, ...]
    clock: Callable[[], float]
    work: Callable[[Library, int, Meter], None]


@dataclass(frozen=True, slots=True)
class Size:
    """What one item of so many costs: nanoseconds, and bytes held while all are there and at the highest."""

    size: int
    time: float
    held: float
    peak: float


def queue(library: Library, size: int, meter: Meter) -> None:
    """Put the items, and get them."""
    queue = library.queue.Queue()
    # One object, so that what is measured is the queue.
    item = object()
    for _ in range(size):
        queue.put(item)
    meter.full()
    same = 0
    for _ in range(size):
        same += queue.get() is item
    meter.end()
    assert same == size
    assert queue.empty()


def futures(library: Library, size: int, meter: Meter) -> None:
    """Make the futures, and give each of them its result."""
    futures = [library.futures.Future() for _ in range(size)]
    meter.full()
    for number, future in enumerate(futures):
        future.set_result(number)
    meter.end()
    assert [future.result(0) for future in futures] == [*range(size)]


def condition(library: Library, size: int, meter: Meter) -> None:
    """Let the threads wait, and wake them all."""
    condition = library.threading.Condition()
    waiting = threading.Semaphore(0)
    woken: list[bool] = []

    def wait() -> None:
        with condition:
            waiting.release()
            woken.append(condition.wait())

    threads = [threading.Thread(target=wait) for _ in range(size)]
    for thread in threads:
        thread.start()
    for _ in threads:
        waiting.acquire()
    # Whoever has said that it will wait lets the lock go by waiting.
    with condition:
        meter.full()
        condition.notify_all()
    for thread in threads:
        thread.join()
    meter.end()
    assert woken == [True] * size


def as_completed(library: Library, size: int, meter: Meter) -> None:
    """Take the futures as another thread gives them their results, which begins when they are waited for."""
    futures = [library.futures.Future() for _ in range(size)]
    # Done already, so that it is the first to come.
    first = library.futures.Future()
    first.set_result(size)
    done = library.futures.as_completed([first, *futures])
    total = next(done).result()
    meter.full()

    def finish() -> None:
        for number, future in enumerate(futures):
            future.set_result(number)

    thread = threading.Thread(target=finish)
    thread.start()
    total += sum(future.result() for future in done)
    thread.join()
    meter.end()
    assert total == size * (size + 1) // 2


GROWING = {
    growing.name: growing
    for growing in (
        Growing("Queue: items that wait", (100_000, 1_000_000, 10_000_000), time.process_time, queue),
        Growing("Future: pending", (10_000, 30_000, 100_000), time.process_time, futures),
        Growing("Condition: threads that wait", (125, 500, 2_000), time.perf_counter, condition),
        Growing("as_completed: futures", (10_000, 30_000, 100_000), time.perf_counter, as_completed),
    )
}


def memory(field: str) -> int:
    """Return what the kernel says of this process' memory, in bytes."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(field)


def child(name: str, which: int, size: int) -> None:
    """Measure here, and print what was found."""
    threading.stack_size(STACK)
    growing = GROWING[name]
    library = libraries()[which]
    # What is made once only is not to be counted.
    growing.work(library, 8, Meter(growing.clock))
    meter = Meter(growing.clock)
    growing.work(library, size, meter)
    found = Size(size, meter.seconds * 1e9 / size, meter.held / size, meter.peak / size)
    print(json.dumps(asdict(found)))


def measure(growing: Growing, sizes: Sequence[int], repeats: int) -> list[tuple[Size, Size]]:
    """Return for each size what the standard library takes, and raddle: the least times, the median of the memory."""
    found: list[tuple[Size, Size]] = []
    for size in sizes:
        runs: tuple[list[Size], list[Size]] = ([], [])
        for index in range(repeats):
            for which in (0, 1) if index % 2 == 0 else (1, 0):
                runs[which].append(apart(growing, which, size))
        found.append((typical(runs[0]), typical(runs[1])))
    return found


def apart(growing: Growing, which: int, size: int) -> Size:
    """Measure in a process of its own."""
    command = [*CHILD, growing.name, str(which), str(size)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True)
    return Size(**json.loads(done.stdout))


def typical(runs: Sequence[Size]) -> Size:
    return Size(
        runs[0].size,
        min(run.time for run in runs),
        median(run.held for run in runs),
        median(run.peak for run in runs),
    )


def as_json(name: str, found: Sequence[tuple[Size, Size]]) -> dict[str, object]:
    return {"name": name, "sizes": [{"stock": asdict(stock), "ours": asdict(ours)} for stock, ours in found]}


def show(name: str, found: Sequence[tuple[Size, Size]]) -> None:
    """Print the table of one kind of work. The last line is how the largest compares with the smallest."""
    rows: list[list[str]] = []
    for stock, ours in found:
        cells = [f"{getattr(each, field):,.0f}" for field in ("time", "held", "peak") for each in (stock, ours)]
        rows.append([f"{stock.size:,}", *cells])
    growth = [
        f"{getattr(found[-1][which], field) / getattr(found[0][which], field):.2f}"
        if getattr(found[0][which], field) > 0
        else "-"
        for field in ("time", "held", "peak")
        for which in (0, 1)
    ]
    rows.append(["last to first", *growth])
    print(f"\n{name}")
    columns = ["items", *(f"{what}: {who}" for what in ("ns", "bytes", "peak") for who in ("python", "raddle"))]
    tables.show(columns, rows, right=columns)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.python.growth")
    parser.add_argument("--repeats", type=int, default=REPEATS, help=f"processes for each figure ({REPEATS})")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("name", nargs="*", help="only what begins with this")
    arguments = parser.parse_args()
    if not sys.platform.startswith("linux"):
        sys.exit("memory is measured on Linux only")
    if arguments.child:
        name, which, size = arguments.name
        child(name, int(which), int(size))
        return
    names = tuple(arguments.name) or ("",)
    told: list[dict[str, object]] = []
    for name, growing in GROWING.items():
        if name.startswith(names):
            found = measure(growing, growing.sizes, arguments.repeats)
            told.append(as_json(name, found))
            if not arguments.json:
                show(name, found)
    if arguments.json:
        print(json.dumps(told, indent=2))
    else:
        print("\nFor each item: nanoseconds, the least of the runs; bytes while all are there, and at the highest.")


if __name__ == "__main__":
    main()
