"""Whether CPU-bound threads of this interpreter run at the same time: measured on the spot."""

from __future__ import annotations

import os
import sys
import sysconfig
import threading
from dataclasses import dataclass
from time import perf_counter

# From this speed-up on, threads without a GIL have run beside each other. On a busy machine less is
# measured, and with a GIL sometimes as much by accident.
_PARALLEL = 1.3


@dataclass(frozen=True, slots=True)
class Measurement:
    """The same CPU-bound function in one thread, and in several at the same time.

    Times are in seconds of wall time, the best of a few rounds. `speedup` is how much more work
    the threads did in the same time than one thread alone: 1 when they took turns, and at most
    their number.
    """

    threads: int
    seconds_one_thread: float
    seconds_all_threads: float
    free_threaded_build: bool
    gil_enabled: bool
    cpus: int

    @property
    def speedup(self) -> float:
        """How many threads' worth of work was done at the same time."""
        return self.threads * self.seconds_one_thread / self.seconds_all_threads

    @property
    def parallel(self) -> bool:
        """Whether the threads ran at the same time: they need an interpreter without a GIL."""
        return not self.gil_enabled and self.speedup >= _PARALLEL

    @property
    def verdict(self) -> str:
        """What was measured, in words."""
        measured = f"{self.threads} CPU-bound threads did the work of {self.speedup:.2f}"
        if self.parallel:
            return f"{measured}: threads run in parallel here."
        if self.gil_enabled:
            return f"{measured}: threads take turns here, one at a time, because of the GIL."
        if self.cpus < 2:
            return f"{measured}: there is no GIL here, but this process has only one CPU."
        return f"{measured}: there is no GIL here, but the machine is busy; try again."

    @property
    def advice(self) -> list[str]:
        """What to do about CPU-bound work, most at hand first; empty if nothing is to be done."""
        if self.parallel or not self.gil_enabled:
            return []
        since = "" if sys.version_info >= (3, 14) else ", from Python 3.14 on"
        advice = [
            "Threads that wait, for I/O or for each other, gain from raddle as they are.",
            "Threads that compute outside of Python code (hashlib, zlib, most of NumPy) run in parallel here too.",
            "For Python code that computes, run the program on a free-threaded build: python3.14t.",
            "Or give the work to processes: concurrent.futures.ProcessPoolExecutor.",
            f"Or to interpreters{since}: concurrent.futures.InterpreterPoolExecutor.",
            "Or write it in Rust, where the crate raddle has the same primitives.",
        ]
        if self.cpus < 2:
            # What runs in parallel elsewhere gains nothing here. Rust is faster all the same.
            advice[1:-1] = ["This process has only one CPU: whatever computes takes turns on it."]
        if self.free_threaded_build:
            advice.insert(
                0,
                "This build can run without the GIL, which is switched on now: start it with "
                "-X gil=0, or find the extension module that switched it on.",
            )
        return advice


def measure(threads: int | None = None, rounds: int = 4) -> Measurement:
    """Measure for about a second, longer on a busy machine.

    `threads` is two by default, or up to four if this process has the CPUs.
    """
    cpus = usable_cpus()
    count = threads if threads is not None else max(2, min(4, cpus))
    steps = _steps_for(0.08)
    # The two alternate, so that a busy moment of the machine meets both.
    alone: list[float] = []
    together: list[float] = []
    for _ in range(rounds):
        alone.append(_seconds(1, steps))
        together.append(_seconds(count, steps))
    return Measurement(
        threads=count,
        seconds_one_thread=min(alone),
        seconds_all_threads=min(together),
        free_threaded_build=is_free_threaded_build(),
        gil_enabled=is_gil_enabled(),
        cpus=cpus,
    )


def is_free_threaded_build() -> bool:
    """Return whether this interpreter was built so that it can run without the GIL."""
    return bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def is_gil_enabled() -> bool:
    """Return whether the GIL is in use now; a free-threaded build can switch it on."""
    if sys.version_info >= (3, 13):
        return sys._is_gil_enabled()
    return True


def usable_cpus() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _work(steps: int) -> int:
    # Small numbers only: a large constant is one object, and threads without a GIL would wait for
    # each other to count its references.
    value = 0
    for _ in range(steps):
        value = (value * 3 + 7) & 255
    return value


def _steps_for(seconds: float) -> int:
    steps = 10_000
    while True:
        begin = perf_counter()
        _work(steps)
        spent = perf_counter() - begin
        if spent >= seconds / 8:
            return max(1, int(steps * seconds / spent))
        steps *= 4


def _seconds(threads: int, steps: int) -> float:
    """Return the time from the moment when all threads may begin until the last one has ended."""
    gate = threading.Event()

    def task() -> None:
        gate.wait()
        _work(steps)

    workers = [threading.Thread(target=task) for _ in range(threads)]
    for worker in workers:
        worker.start()
    begin = perf_counter()
    gate.set()
    for worker in workers:
        worker.join()
    return perf_counter() - begin
