"""The examples do what their texts say, those in the README, the docs and the crate's chapter about Python too."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from examples.both import PROGRAMS, run, run_both

ROOT = Path(__file__).parents[1]
INDEX = Path(__file__).with_name("README.md").read_text()
TEXTS = [ROOT / "README.md", ROOT / "crates/raddle/docs/from_python.md", *sorted((ROOT / "docs").rglob("*.md"))]
SNIPPETS = {
    f"{text.relative_to(ROOT)}:{number}": snippet
    for text in TEXTS
    for number, snippet in enumerate(
        re.findall(r"^```python\n(.*?)^```$", text.read_text(), re.MULTILINE | re.DOTALL), start=1
    )
}
PYTHON = [sys.executable]
RADDLE = [sys.executable, "-m", "raddle", "run"]

# The program that lets cargo run what it does, in Rust. The others need not wait for a compiler.
RUNS_CARGO = "cpu_bound"

# In seconds, for a compiler.
BUILD_TIME_BOX = 900


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_program_is_the_same_on_both(program: Path, request: pytest.FixtureRequest) -> None:
    if program.stem == RUNS_CARGO:
        request.getfixturevalue("rust_example")
    both = run_both(program, PYTHON, RADDLE)
    assert both.same, both


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_program_is_in_the_index(program: Path) -> None:
    assert f"(python/{program.name})" in INDEX


def test_what_is_in_the_index_exists() -> None:
    paths = re.findall(r"\]\(([\w./-]+)\)", INDEX)
    assert paths
    assert [path for path in paths if not (Path(__file__).parent / path).exists()] == []


def test_the_two_runs_differ_in_the_classes() -> None:
    code = "import queue, threading; print(*(c.__module__ for c in (queue.Queue, threading.Condition)))"
    assert run([*PYTHON, "-c", code]).stdout.split() == ["queue", "threading"]
    checks = "from raddle import _native as n; assert issubclass(queue.Queue, n.Queue)"
    result = run([*RADDLE, "-c", f"{code}; {checks}; assert issubclass(threading.Condition, n.Condition)"])
    assert (result.returncode, result.stderr) == (0, ""), result


def test_a_difference_is_noticed(tmp_path: Path) -> None:
    program = tmp_path / "different.py"
    program.write_text("import raddle\nprint('took 0.25 s')\nprint(raddle.installed())\n")
    assert not run_both(program, PYTHON, RADDLE).same
    program.write_text("import time\nprint(f'took {time.perf_counter():.9f} s')\n")
    assert run_both(program, PYTHON, RADDLE).same
    program.write_text("import sys\nprint('the same')\nsys.exit(1)\n")
    assert not run_both(program, PYTHON, RADDLE).same


def test_the_texts_have_examples_in_python() -> None:
    assert len(SNIPPETS) > len(TEXTS)
    for text in ("README.md", "crates/raddle/docs/from_python.md", "docs/tutorial/threads.md", "docs/rwlock.md"):
        assert f"{text}:1" in SNIPPETS


@pytest.mark.parametrize("snippet", SNIPPETS.values(), ids=SNIPPETS)
@pytest.mark.parametrize("command", [PYTHON, RADDLE], ids=["python", "raddle run"])
def test_text(snippet: str, command: list[str]) -> None:
    result = run([*command, "-c", snippet])
    assert (result.returncode, result.stderr) == (0, ""), result


@pytest.fixture(scope="session")
def rust_example() -> None:
    """Build what a program lets cargo run, so that it does not wait for a compiler."""
    if cargo := shutil.which("cargo"):
        command = [cargo, "build", "--quiet", "--release", "--locked", "--package", "raddle", "--example", "cpu_bound"]
        subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=True, timeout=BUILD_TIME_BOX)
