"""Runs CPython's whole test modules in a switched interpreter, beside a stock run, and compares test by test.

raddle must not say a word about deadlocks in any of them, where none of the tests means to make one.

Usage: ``python -m tests.conformance.whole [--ours-only] [MODULE ...]``, in an environment in which raddle is
installed. It takes some minutes, mostly asleep. Exit code 0 means that every test ended as on stock.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from tests.conformance import testpackage

MODULES = (
    "test_threading",
    "test_threading_local",
    "test_thread",
    "test_threadsignals",
    "test_queue",
    testpackage.NAME,
)

# Without the memory limit 3.14 skips the tests that start the most threads, among them the one with daemon threads.
OPTIONS = ("-v", "-M", "6g", "-u", "walltime,cpu", "--timeout", "600")

# CPython's own process pool hangs in this one now and then before 3.13.1, where it was mended.
LEFT_OUT = [] if sys.version_info >= (3, 13, 1) else ["--ignore", "test_shutdown_deadlock_pickle"]

# Runs before the tests where some were fetched. The runner would look for the folder that this version's sources have,
# and an interpreter that a test starts, where they are installed. Those that multiprocessing starts cannot be told.
FETCHED = """
import test.libregrtest.findtests as findtests, test.support.script_helper as helper
findtests.SPLITTESTDIRS.discard({name!r})
prelude = {prelude!r}
exec(prelude)
def assert_python_ok(*arguments, original=helper.assert_python_ok, **options):
    if arguments[0] == "-c":
        arguments = ("-c", prelude + arguments[1], *arguments[2:])
    return original(*arguments, **options)
helper.assert_python_ok = assert_python_ok
"""
CANNOT_BE_TOLD = ("*Spawn*", "*Forkserver*", "*.test_spawn", "*.test_forkserver", "*defaults_to_spawn*")

# Runs in the process of the tests, before them: what is imported there is what the tests are about to use.
GUARD = """
import _thread, concurrent.futures, os, queue, runpy, sys, threading
if os.environ.get("RADDLE_INSTALL"):
    import raddle._native as native
    assert native.__file__.endswith((".so", ".pyd")), native.__file__
    assert _thread.allocate_lock is native.allocate_lock
    assert type(threading.Lock()) is native.lock
    assert issubclass(threading.Event, native.Event)
    assert issubclass(queue.Queue, native.Queue)
    assert issubclass(concurrent.futures.Future, native.Future)
    assert issubclass(concurrent.futures.ThreadPoolExecutor, native.ThreadPoolExecutor)
else:
    assert not any(name.startswith("raddle") for name in sys.modules)
runpy.run_module("test", run_name="__main__", alter_sys=True)
"""


# What raddle says when it takes a program for deadlocked.
TOLD = re.compile(r"raddle: .*(deadlock|asleep)|raddle\.diagnostics\.DeadlockError")


def main() -> int:
    """Runs the modules on both implementations and prints how they differ."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.whole")
    parser.add_argument("--ours-only", action="store_true", help="no stock run: every test must pass or be skipped")
    parser.add_argument("module", nargs="*", default=MODULES)
    arguments = parser.parse_args()
    missing = testpackage.why_missing()
    if missing is not None and testpackage.NAME in arguments.module:
        print(f"{testpackage.NAME} is left out: {missing}")
        arguments.module = [name for name in arguments.module if name != testpackage.NAME]
    ours = run_modules(arguments.module, switched=True)
    stock = {} if arguments.ours_only else run_modules(arguments.module, switched=False)
    print(f"\n{sys.version}")
    print(f"raddle: {summary(ours)}")
    if arguments.ours_only:
        different = {name: outcome for name, outcome in ours.items() if outcome in ("failed", "error")}
    else:
        print(f"stock:  {summary(stock)}")
        different = {
            name: f"{ours.get(name, 'did not run')} (stock: {stock.get(name, 'did not run')})"
            for name in ours.keys() | stock.keys()
            if ours.get(name) != stock.get(name)
        }
    for name, outcome in sorted(different.items()):
        print(f"  {name}: {outcome}")
    print("different from stock:" if different else "same as stock:", len(different) or len(ours))
    return 1 if different or not ours else 0


def run_modules(modules: list[str], *, switched: bool) -> dict[str, str]:
    """Runs CPython's test modules in a fresh interpreter and returns the outcome of each test."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RADDLE_")}
    if switched:
        environment["RADDLE_INSTALL"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder, "results.xml")
        options = [*OPTIONS, *LEFT_OUT, "--junit-xml", str(results)]
        program = GUARD
        if testpackage.is_fetched():
            program = FETCHED.format(name=testpackage.NAME, prelude=testpackage.path_prelude()) + GUARD
            options += [option for pattern in CANNOT_BE_TOLD for option in ("--ignore", pattern)]
        command = [sys.executable, "-c", program, *options, *modules]
        print("+", "raddle:" if switched else "stock:", *command[3:], flush=True)
        ending, told = run_and_listen(command, environment, folder)
        print(f"exit code {ending}", flush=True)
        if not results.exists():
            sys.exit(f"the run ended with exit code {ending} and left no results")
        outcomes = read_results(results)
        if told:
            outcomes["(raddle's silence)"] = "failed"
        return outcomes


def run_and_listen(command: list[str], environment: dict[str, str], folder: str) -> tuple[int, bool]:
    """Runs a command, shows what it says, and returns its exit code and whether raddle told of a deadlock."""
    told = False
    with subprocess.Popen(
        command,
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            told = told or TOLD.search(line) is not None
            sys.stdout.write(line)
            sys.stdout.flush()
    return process.returncode, told


def read_results(path: Path) -> dict[str, str]:
    """The outcome of each test in a JUnit file as CPython writes it."""
    outcomes = {}
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        kinds = {child.tag for child in case}
        outcome = next((kind for kind in ("error", "failure", "skipped") if kind in kinds), "ok")
        outcomes[case.get("name", "")] = {"failure": "failed"}.get(outcome, outcome)
    return outcomes


def summary(outcomes: dict[str, str]) -> str:
    """How many tests ended in which way."""
    kinds = sorted(set(outcomes.values()))
    return ", ".join(f"{list(outcomes.values()).count(kind)} {kind}" for kind in kinds) or "nothing ran"


if __name__ == "__main__":
    sys.exit(main())
