"""The examples do what their texts say, those in the README included."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAMS = sorted(Path(__file__).with_name("python").glob("*.py"))
SNIPPETS = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
TIME_BOX = 120


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_program_is_the_same_on_both(program: Path) -> None:
    outputs: list[list[str]] = []
    for command in ([sys.executable], [sys.executable, "-m", "raddle", "run"]):
        result = run([*command, str(program)])
        assert (result.returncode, result.stderr) == (0, ""), result
        outputs.append(sorted(result.stdout.splitlines()))
    assert outputs[0] == outputs[1]
    assert len(outputs[0]) > 1


def test_readme_has_an_example_in_python() -> None:
    assert SNIPPETS


@pytest.mark.parametrize("snippet", SNIPPETS)
@pytest.mark.parametrize("command", [[], ["-m", "raddle", "run"]], ids=["python", "raddle run"])
def test_readme(snippet: str, command: list[str]) -> None:
    result = run([sys.executable, *command, "-c", snippet])
    assert (result.returncode, result.stderr) == (0, ""), result


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=TIME_BOX
    )
