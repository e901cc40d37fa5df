"""What compares published packages' tests on raddle with those on the standard library fails when it should."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.downstream import suites, table
from tests.downstream.comparison import Comparison, Run, read_outcomes, tried_again, words_of_raddle

PASSING = {"tests.test_one.test": "ok", "tests.test_two.test": "skipped", "tests.test_zero.test": "ok"}


def comparison(
    stock: Mapping[str, str] = PASSING, raddle: Mapping[str, str] = PASSING, again: Mapping[str, str] | None = None
) -> Comparison:
    return Comparison(Run(dict(stock)), Run(dict(raddle)), Run(dict(stock if again is None else again)))


def test_the_same() -> None:
    same = comparison()
    assert same.problems() == []
    assert same.unsteady() == {}
    assert same.raddle.summary() == "2 ok, 1 skipped"


@pytest.mark.parametrize("outcome", ["failed", "error", "skipped"])
def test_a_test_that_ends_otherwise(outcome: str) -> None:
    found = comparison(raddle=PASSING | {"tests.test_one.test": outcome, "tests.test_three.test": "ok"}).problems()
    assert f"tests.test_one.test: {outcome} (stock: ok)" in found


def test_a_test_that_passes_on_raddle_alone() -> None:
    stock = PASSING | {"tests.test_three.test": "failed"}
    found = comparison(stock, PASSING | {"tests.test_three.test": "ok"}).problems()
    assert found == ["tests.test_three.test: ok (stock: failed)"]


def test_a_test_that_fails_on_both() -> None:
    failing = PASSING | {"tests.test_three.test": "failed"}
    assert comparison(failing, failing).problems() == []


def test_a_test_that_only_one_side_has() -> None:
    more = PASSING | {"tests.test_three.test": "ok"}
    assert comparison(stock=more).problems() == ["tests.test_three.test: did not run (stock: ok)"]
    assert comparison(raddle=more).problems() == ["tests.test_three.test: ok (stock: did not run)"]


@pytest.mark.parametrize("outcome", ["ok", "failed"])
def test_an_unsteady_test_may_end_in_both_ways(outcome: str) -> None:
    name = "tests.test_one.test"
    unsteady = comparison(raddle=PASSING | {name: outcome}, again=PASSING | {name: "failed"})
    assert unsteady.unsteady() == {name: f"ok, then failed; raddle: {outcome}"}
    assert unsteady.problems() == []


@pytest.mark.parametrize("outcome", ["error", "did not run"])
def test_an_unsteady_test_may_not_end_in_a_third_way(outcome: str) -> None:
    name = "tests.test_one.test"
    raddle = PASSING | {"tests.test_three.test": "ok", name: outcome}
    found = comparison(PASSING | {"tests.test_three.test": "ok"}, raddle, raddle | {name: "failed"}).problems()
    assert found == [f"{name}: {outcome} (stock: ok)"]


def test_runs_in_which_nothing_passed_prove_nothing() -> None:
    skipped = {"tests.test_one.test": "skipped"}
    for nothing in ({}, skipped):
        found = comparison(nothing, nothing).problems()
        assert found == ["stock: nothing passed", "raddle: nothing passed", "stock again: nothing passed"]


def test_what_is_wrong_with_a_run() -> None:
    runs = comparison()
    runs.raddle.problems.append("the run did not end")
    assert runs.problems() == ["raddle: the run did not end"]


@pytest.mark.parametrize(
    "line",
    [
        "raddle: 2 threads wait for each other:",
        "..F.raddle: every thread is asleep",
        "E       raddle.diagnostics.DeadlockError: 2 threads wait for each other",
        "DeadlockError",
    ],
)
def test_a_word_of_raddle(line: str) -> None:
    assert words_of_raddle(f"collected 2 items\n{line}\n2 passed\n") == [line]


def test_no_word_of_raddle() -> None:
    said = "tests/test_raddle.py::test PASSED\n/raddle/tests: 2 passed\nclass _DeadlockError(RuntimeError):\n"
    assert words_of_raddle(said) == []


def test_the_outcomes_in_a_file(tmp_path: Path) -> None:
    results = tmp_path / "results.xml"
    results.write_text(
        """<testsuites><testsuite>
        <testcase classname="tests.test_one.TestIt" name="test"/>
        <testcase classname="tests.test_two.TestIt" name="test"><failure/></testcase>
        <testcase classname="tests.test_two.TestIt" name="test"><error/></testcase>
        <testcase classname="tests.test_two" name="test[&lt;f at 0x7f12ab&gt;]"><skipped/></testcase>
        <testcase classname="" name="tests.test_three"><error/></testcase>
        </testsuite></testsuites>""",
        encoding="utf-8",
    )
    assert read_outcomes(results) == {
        "tests.test_one.TestIt.test": "ok",
        "tests.test_two.TestIt.test": "failed",
        "tests.test_two.TestIt.test (2)": "error",
        "tests.test_two.test[<f at 0x>]": "skipped",
        ".tests.test_three": "error",
    }


def test_what_was_tried_again_counts_once(tmp_path: Path) -> None:
    said = """
        R.
=========================== short test summary info ============================
PASSED tests/test_one.py::test
RERUN tests/test_one.py::test
RERUN tests/test_two.py::TestIt::test[a::b at 0x7f12ab] - AssertionError
RERUN tests/test_two.py::TestIt::test[a::b at 0x7f34cd] - AssertionError
"""
    results = tmp_path / "results.xml"
    results.write_text(
        """<testsuites><testsuite>
        <testcase classname="tests.test_one" name="test"/>
        <testcase classname="tests.test_one" name="test"/>
        <testcase classname="tests.test_two.TestIt" name="test[a::b at 0x7f12ab]"/>
        <testcase classname="tests.test_two.TestIt" name="test[a::b at 0x7f34cd]"/>
        <testcase classname="tests.test_two.TestIt" name="test[a::b at 0x7f56ef]"><failure/></testcase>
        </testsuite></testsuites>""",
        encoding="utf-8",
    )
    assert read_outcomes(results, tried_again(said)) == {
        "tests.test_one.test": "ok",
        "tests.test_two.TestIt.test[a::b at 0x]": "failed",
    }


SUITE = """
import threading
import pytest

def test_passes():
    with threading.Lock():
        pass

def test_fails():
    assert threading.Lock() is None

@pytest.mark.skip
def test_is_skipped():
    pass
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., suites.Package]:
    """A function that makes a package of the tests in a text."""

    def make(tests: str, **fields: Any) -> suites.Package:
        monkeypatch.setattr(suites, "BUILD", tmp_path)
        made = suites.Package("made", "1.0", ["tests"], **fields)
        folder = made.folder / "source" / "made-1.0" / "tests"
        folder.mkdir(parents=True)
        for name in ("test_one.py", "test_two.py"):
            (folder / name).write_text(tests, encoding="utf-8")
        return made

    return make


def test_a_suite_runs_on_both(package: Callable[..., suites.Package]) -> None:
    left_out = {"tests/test_two.py": "has the same tests", "tests/test_one.py::test_fails": "fails"}
    made = package(SUITE, left_out=left_out)
    expected = {"tests.test_one.test_passes": "ok", "tests.test_one.test_is_skipped": "skipped"}
    for implementation in ("stock", "raddle"):
        ran = suites.run(made, implementation, implementation)
        assert (ran.outcomes, ran.problems) == (expected, [])


def test_what_is_left_out_by_name(package: Callable[..., suites.Package]) -> None:
    made = package(SUITE, left_out={"-k fails": "fails", "-k test_two or nothing": "has the same tests"})
    ran = suites.run(made, "stock", "stock")
    assert ran.outcomes == {"tests.test_one.test_passes": "ok", "tests.test_one.test_is_skipped": "skipped"}


def test_tests_of_one_name_in_two_files(package: Callable[..., suites.Package]) -> None:
    ran = suites.run(package(SUITE), "raddle", "raddle")
    assert ran.summary() == "2 failed, 2 ok, 2 skipped"
    assert ran.problems == []


def test_a_suite_that_ends_its_process(package: Callable[..., suites.Package]) -> None:
    ran = suites.run(package("import os\n\ndef test():\n    os._exit(3)\n"), "stock", "stock")
    assert ran.outcomes == {}
    assert [problem.split(" (")[0] for problem in ran.problems] == ["the run ended with exit code 3"]


def test_a_suite_that_hangs(package: Callable[..., suites.Package], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suites, "TIME_BOX", 2)
    ran = suites.run(
        package("import signal\n\ndef test():\n    while True:\n        signal.pause()\n"), "stock", "stock"
    )
    assert [problem.split(" (")[0] for problem in ran.problems] == ["the run did not end"]


def test_a_word_that_a_test_swallows(package: Callable[..., suites.Package]) -> None:
    deadlock = """
import threading
import pytest

def test():
    lock = threading.RLock()
    started = threading.Event()

    def other():
        with lock:
            started.set()
            main.join()

    def first():
        with pytest.raises(RuntimeError):
            threading.Thread(target=other).start()
            started.wait()
            lock.acquire()

    main = threading.Thread(target=first)
    main.start()
    main.join()
"""
    found = suites.run(package(deadlock), "raddle", "raddle")
    assert set(found.outcomes.values()) == {"ok"}
    assert any("ended with exit code 70" in problem for problem in found.problems)


@pytest.mark.parametrize("expected", ["stock", "raddle"])
def test_the_guard_refuses_the_other_classes(expected: str, run_python: Callable[..., Any]) -> None:
    switch = {"RADDLE_INSTALL": "1"} if expected == "stock" else {}
    ended = run_python([sys.executable, str(suites.GUARD), expected, "--version"], environment=switch)
    assert ended.returncode == 70, ended.describe()
    found = "stock" if expected == "raddle" else "raddle"
    for name in (
        *("threading.Lock", "threading.RLock", "threading.Condition", "threading.Event", "threading.Semaphore"),
        *("threading.BoundedSemaphore", "threading.Barrier", "queue.Queue", "queue.LifoQueue", "queue.PriorityQueue"),
        *("queue.SimpleQueue", "concurrent.futures.Future", "concurrent.futures.ThreadPoolExecutor"),
    ):
        assert f"  {name} is {found}\n" in ended.stderr
    assert "before the tests" in ended.stderr


def test_the_guard_looks_again_after_the_tests(package: Callable[..., suites.Package]) -> None:
    ran = suites.run(package("import raddle\n\ndef test():\n    raddle.uninstall()\n"), "raddle", "raddle")
    assert any("ended with exit code 70" in problem for problem in ran.problems)
    text = (suites.BUILD / "made-1.0" / "raddle.txt").read_text(encoding="utf-8")
    assert "the guard, after the tests:" in text
    assert "queue.Queue is stock" in text


def test_a_package_has_its_own_options_or_none(package: Callable[..., suites.Package]) -> None:
    made = package(SUITE)
    assert suites.options_of(made)[:2] == ["-c", os.devnull]
    (made.source / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    (made.source / "setup.cfg").write_text("[tool:pytest]\n", encoding="utf-8")
    assert suites.options_of(made)[:2] == ["-c", "setup.cfg"]


def test_the_page_keeps_the_other_interpreters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "packages.md"
    package = suites.Package("made", "1.0", ["tests"], left_out={"tests/test_two.py": "has the same tests"})
    row = table.row(package, comparison())
    assert row == "| made | 1.0 | 3 | 2 ok, 1 skipped | 2 ok, 1 skipped | 0 | `tests/test_two.py`: has the same tests |"
    for name in ("CPython 3.13.0", "CPython 3.11.7", "CPython 3.13.0"):
        monkeypatch.setattr(table, "interpreter", lambda name=name: name)
        table.put(table.section([row], []), page)
    table.put(table.section([row], ["made: tests.test: failed (stock: ok)"]), page)
    text = page.read_text(encoding="utf-8")
    titles = [line for line in text.splitlines() if line.startswith("#")]
    assert titles == ["# Published packages", "## CPython 3.11.7", "## CPython 3.13.0"]
    assert text.count("Same as stock.") == 1
    assert "- made: tests.test: failed (stock: ok)\n" in text


def test_what_is_left_out_has_a_reason() -> None:
    for package in suites.known().values():
        assert package.tests
        assert all(package.left_out.values())
