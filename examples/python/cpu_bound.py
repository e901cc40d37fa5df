"""The same CPU-bound job in one thread, and then shared out in four ways.

Primes are counted by trial division, which is nothing but Python code. Threads gain only where the interpreter has no
global lock (a free-threaded build). Processes and interpreters gain wherever there is more than one CPU, but have to be
started, which is in their times: they pay for longer work than this. In Rust the same job runs in parallel anyway, and
takes a fraction of the time. How much is gained depends on the machine and on what else it does, so the times are
printed, and only the results are asserted.

The way with Rust is the example `cpu_bound` of the crate. It is built by cargo, and left out where there is none.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from math import isqrt
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

# As in the crate's example.
LIMIT = 100_000
PARTS = 32
PRIMES = 9_592

WORKERS = max(2, min(4, os.cpu_count() or 1))
ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ["--quiet", "--release", "--locked", "--package", "raddle", "--example", "cpu_bound"]
UNITS = {"s": 1.0, "ms": 1e-3, "µs": 1e-6}


def count_primes(part: int) -> int:
    numbers = range(max(2, part * LIMIT // PARTS), (part + 1) * LIMIT // PARTS)
    return sum(all(number % factor for factor in range(2, isqrt(number) + 1)) for number in numbers)


def in_one_thread() -> int:
    return sum(map(count_primes, range(PARTS)))


def by_executor(make: Callable[[int], Executor]) -> int:
    with make(WORKERS) as executor:
        return sum(executor.map(count_primes, range(PARTS)))


def report(name: str, count: Callable[[], int]) -> None:
    begin = perf_counter()
    found = count()
    spent = perf_counter() - begin
    assert found == PRIMES, f"{name}: {found}"
    print(f"{name:12} {spent:8.3f} s")


def report_rust() -> None:
    """Let cargo build and run the crate's example, which says how long its pool took."""
    cargo = shutil.which("cargo")
    if cargo is None:
        print("Rust         left out: there is no cargo here")
        return
    done = subprocess.run(
        [cargo, "run", *EXAMPLE], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
    )
    answer = re.search(rf"a pool: (\d+) primes below {LIMIT} in ([\d.]+)(µs|ms|s)$", done.stdout, re.MULTILINE)
    assert answer is not None, done.stdout
    found, figure, unit = answer.groups()
    assert int(found) == PRIMES, done.stdout
    print(f"{'Rust':12} {float(figure) * UNITS[unit]:8.3f} s")


def main() -> None:
    print(f"{PRIMES} primes below {LIMIT}, {WORKERS} workers")
    report("one thread", in_one_thread)
    report("threads", partial(by_executor, ThreadPoolExecutor))
    # Not by fork, which copies a process with threads in it.
    report("processes", partial(by_executor, partial(ProcessPoolExecutor, mp_context=get_context("spawn"))))
    if sys.version_info >= (3, 14):
        from concurrent.futures import InterpreterPoolExecutor

        report("interpreters", partial(by_executor, InterpreterPoolExecutor))
    else:
        print("interpreters left out: there is no pool of them before Python 3.14")
    report_rust()


if __name__ == "__main__":
    main()
