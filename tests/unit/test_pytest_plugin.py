"""A test that hangs fails, with what each thread waits for; others are left alone."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

TESTS = """\
import threading

state = threading.Lock()


def test_before():
    pass


def test_hangs():
    owner = threading.Thread(target=state.acquire, name="the owner", daemon=True)
    owner.start()
    owner.join()
    with state:
        pass


def test_hangs_in_python():
    while True:
        pass


def test_after():
    pass
"""


def run_pytest(tmp_path: Path, run_python: Callable[..., Any], *options: str) -> Any:
    (tmp_path / "test_subject.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-p", "raddle.pytest_plugin", "-p", "no:cacheprovider", *options]
    return run_python(command, environment={"RADDLE_INSTALL": "1"}, directory=tmp_path)


def test_what_hangs_fails_and_says_why(tmp_path: Path, run_python: Callable[..., Any]) -> None:
    outcome = run_pytest(tmp_path, run_python, "--hang-after=1")
    assert outcome.returncode == 1, outcome.describe()
    assert "2 failed, 2 passed" in outcome.stdout, outcome.describe()
    assert "test_subject.py::test_hangs hangs after 1 s" in outcome.stdout, outcome.describe()
    waiting = "MainThread (native id "
    assert f"  {waiting}" in outcome.stdout, outcome.describe()
    assert "waits for the Lock `state`, held by a thread that has ended" in outcome.stdout, outcome.describe()
    assert "MainThread waits for nothing of raddle:" in outcome.stdout, outcome.describe()
    # At once, and not only in the summary.
    assert outcome.stderr.count("raddle: test_subject.py::test_hangs") == 2, outcome.describe()


def test_without_the_option_it_does_nothing(tmp_path: Path, run_python: Callable[..., Any]) -> None:
    outcome = run_pytest(tmp_path, run_python, "-k", "before or after")
    assert (outcome.returncode, outcome.stderr) == (0, ""), outcome.describe()
