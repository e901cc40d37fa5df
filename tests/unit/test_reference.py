"""The pages of the reference tell all commands, options and variables that there are."""

from __future__ import annotations

import re
from pathlib import Path

import raddle
from raddle import queue, threading
from raddle._cli import main, run
from raddle.concurrent import futures

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def test_every_command_and_option_is_described() -> None:
    page = (REFERENCE / "command-line.md").read_text(encoding="utf-8")
    parser = main._parser()
    (commands,) = [action for action in parser._actions if action.dest == "command"]
    assert commands.choices
    for name, command in commands.choices.items():
        assert f"raddle {name}" in page, name
        for action in command._actions:
            for option in action.option_strings:
                assert option in page or action.dest == "help", (name, option)


def test_the_help_of_run_is_the_one_that_is_printed() -> None:
    assert run._HELP in (REFERENCE / "command-line.md").read_text(encoding="utf-8")


def test_every_variable_is_described() -> None:
    page = (REFERENCE / "environment.md").read_text(encoding="utf-8")
    package = Path(raddle.__file__).parent
    named = {
        variable
        for path in package.rglob("*.py")
        for variable in re.findall(r"\bRADDLE_[A-Z_]+\b", path.read_text(encoding="utf-8"))
    }
    assert {"RADDLE_INSTALL", "RADDLE_DEADLOCKS"} <= named
    assert {variable for variable in named if f"`{variable}`" not in page} == set()


def test_every_public_name_is_described() -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in REFERENCE.glob("*.md"))
    for name in raddle.__all__:
        assert f":: raddle.{name}" in pages, name
    for module in (threading, queue, futures):
        for _, ours in module._switched:
            name = ours.__name__
            assert f":: {module.__name__}.{name}" in pages, name
