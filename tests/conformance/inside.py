"""Runs in the process of CPython's whole test modules, before them: shows what is tested, then starts the runner.

`whole.py` passes this file's text to ``-c``, so that nothing of this folder can be imported by the tests. The first
argument, as JSON, says where to write what was noticed; the others are those of CPython's runner.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import unittest
from pathlib import Path
from typing import Any

SWITCHED = bool(os.environ.get("RADDLE_INSTALL"))

# What a process that is switched proves of itself; children run it as well.
OURS = """
import _thread, concurrent.futures, queue, threading
import raddle._native as native
assert native.__file__.endswith((".so", ".pyd")), native.__file__
assert _thread.allocate_lock is native.allocate_lock
assert type(threading.Lock()) is native.lock
assert issubclass(threading.Event, native.Event)
assert issubclass(queue.Queue, native.Queue)
assert issubclass(concurrent.futures.Future, native.Future)
assert issubclass(concurrent.futures.ThreadPoolExecutor, native.ThreadPoolExecutor)
"""
STOCK = """
import sys, concurrent.futures, queue, threading
assert not any(name.startswith("raddle") for name in sys.modules)
"""

# The events by which the interpreter tells that a thread is started, in the versions that have them.
THREAD_STARTED = ("_thread.start_new_thread", "_thread.start_joinable_thread")


def main() -> None:
    """Checks this process and a child, then becomes CPython's runner."""
    options = json.loads(sys.argv.pop(1))
    if options["fetched"]:
        find_fetched_tests(**options["fetched"])
    exec(OURS if SWITCHED else STOCK, {})
    check_child()
    note_tests_with_threads(Path(options["notes"]))
    show_what_is_printed()
    try:
        runpy.run_module("test", run_name="__main__", alter_sys=True)
    finally:
        show_deadlocks()


def check_child() -> None:
    """Fails unless the interpreters that the tests start are switched as this one is, isolated ones too."""
    from test.support import script_helper

    script_helper.assert_python_ok("-c", OURS if SWITCHED else STOCK)
    script_helper.assert_python_ok("-c", OURS if SWITCHED else STOCK, __isolated=False)


def note_tests_with_threads(notes: Path) -> None:
    """Writes the names of the tests that start a thread in this process to ``notes``, one a line."""
    running: list[str] = []
    noted: set[str] = set()
    runner = os.getpid()
    start_test, stop_test = unittest.TestResult.startTest, unittest.TestResult.stopTest

    def listen(event: str, _arguments: Any) -> None:
        if event in THREAD_STARTED and running and os.getpid() == runner:
            noted.add(running[-1])

    def started(self: unittest.TestResult, test: unittest.TestCase) -> None:
        running.append(test.id())
        start_test(self, test)

    def stopped(self: unittest.TestResult, test: unittest.TestCase) -> None:
        stop_test(self, test)
        name = test.id()
        # 3.12.1 stops a test that is skipped without having started it.
        if running and running[-1] == name:
            running.pop()
            if name in noted:
                with notes.open("a") as file:
                    file.write(f"{name}\n")

    unittest.TestResult.startTest = started  # type: ignore[method-assign]
    unittest.TestResult.stopTest = stopped  # type: ignore[method-assign]
    sys.addaudithook(listen)


def show_what_is_printed() -> None:
    """Has what tests that pass print, and their children, in the log, where raddle's words are looked for."""
    from test.support import script_helper

    make_runner, run_child = unittest.TextTestRunner.__init__, script_helper.run_python_until_end

    # CPython's runner drops what a test that passes has printed, when it writes a JUnit file.
    def unbuffered(self: unittest.TextTestRunner, *arguments: Any, **options: Any) -> None:
        make_runner(self, *arguments, **{**options, "buffer": False})

    def overheard(*arguments: str, **options: Any) -> Any:
        result, command = run_child(*arguments, **options)
        for line in (result.out + b"\n" + result.err).splitlines():
            if line.startswith(b"raddle: "):
                os.write(1, b"\n" + line + b" (in a child)\n")
        return result, command

    unittest.TextTestRunner.__init__ = unbuffered  # type: ignore[method-assign]
    script_helper.run_python_until_end = overheard


def show_deadlocks() -> None:
    """Prints what raddle took for a deadlock in this process, also where a test has caught or captured it."""
    diagnostics = sys.modules.get("raddle.diagnostics")
    for deadlock in diagnostics.deadlocks() if diagnostics is not None else ():
        os.write(1, f"\nraddle: {deadlock!r}\n".encode())


def find_fetched_tests(name: str, prelude: str) -> None:
    """Has the runner and the tests' children find what was fetched, where the version's own tests lack it."""
    from test.libregrtest import findtests
    from test.support import script_helper

    # The runner would look for the folder that this version's sources have, and an interpreter that a test starts,
    # where they are installed. Those that multiprocessing starts cannot be told.
    findtests.SPLITTESTDIRS.discard(name)
    exec(prelude)
    original = script_helper.assert_python_ok

    def assert_python_ok(*arguments: str, **options: Any) -> Any:
        if arguments[0] == "-c":
            arguments = ("-c", prelude + arguments[1], *arguments[2:])
        return original(*arguments, **options)

    script_helper.assert_python_ok = assert_python_ok


if __name__ == "__main__":
    main()
