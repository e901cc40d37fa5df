"""`raddle bench` shows wins and losses, losing rows first, with what is to be had in mind. No time is looked at."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from raddle._bench import rows as catalogue
from raddle._bench.measure import Result
from raddle._cli import bench, machine

COMMAND = [sys.executable, "-m", "raddle", "bench"]


def test_json(run_python: Callable[..., Any]) -> None:
    done = run_python([*COMMAND, "--rounds", "2", "--json", "event"])
    assert (done.returncode, done.stderr) == (0, ""), done.describe()
    told = json.loads(done.stdout)
    assert told["interpreter"]["executable"] == sys.executable
    assert told["machine"]["processors"] > 0
    assert (told["rounds"], told["complete"]) == (2, True)
    expected = [row.operation for row in catalogue.QUICK if row.primitive == "Event"]
    assert [row["operation"] for row in told["rows"]] == expected
    for row in told["rows"]:
        assert row["primitive"] == "Event"
        assert row["stock"] >= row["stock_least"] > 0
        assert row["ours"] >= row["ours_least"] > 0
        assert row["low"] <= row["ratio"] <= row["high"]


def test_text(run_python: Callable[..., Any]) -> None:
    done = run_python([*COMMAND, "--rounds", "2", "--all", "RLock"])
    assert (done.returncode, done.stderr) == (0, ""), done.describe()
    lines = done.stdout.splitlines()
    assert lines[0].split()[:3] == ["python", "raddle", "ratio"]
    for row in catalogue.ALL:
        assert any(line.startswith(row.name) for line in lines) is (row.primitive == "RLock"), row.name
    assert "more is better" in done.stdout
    assert any(line.startswith("Slower on raddle: ") and line.endswith(" of 2 rows.") for line in lines)
    assert "The rows were chosen by raddle's authors." in done.stdout


def test_a_name_that_no_row_has(run_python: Callable[..., Any]) -> None:
    done = run_python([*COMMAND, "Mutex"])
    assert (done.returncode, done.stdout) == (2, "")
    assert "no row begins with Mutex; there are Queue, LifoQueue," in done.stderr


@pytest.mark.parametrize("rounds", ["1", "0", "-3", "many"])
def test_too_few_rounds(run_python: Callable[..., Any], rounds: str) -> None:
    done = run_python([*COMMAND, f"--rounds={rounds}"])
    assert (done.returncode, done.stdout) == (2, "")
    assert f"'{rounds}' is no number of rounds: at least 2" in done.stderr


def test_a_process_that_runs_on_raddle_has_nothing_to_compare_with(run_python: Callable[..., Any]) -> None:
    done = run_python([*COMMAND, "Event"], environment={"RADDLE_INSTALL": "1"})
    assert (done.returncode, done.stdout) == (2, "")
    assert "this process runs on raddle" in done.stderr


@pytest.mark.parametrize("option", ["--json", "--rounds=3"])
def test_whoever_reads_may_go_away(option: str) -> None:
    command = [*COMMAND, "--rounds", "2", option, "Event"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read()
    assert (process.returncode, errors) == (0, "")


def test_losing_rows_come_first(capsys: pytest.CaptureFixture[str]) -> None:
    ratios = [2.0, 0.9, 3.0, 0.5, 1.0]
    rows = catalogue.QUICK[: len(ratios)]
    bench.show([made_up(index, ratio) for index, ratio in enumerate(ratios)])
    shown = capsys.readouterr().out.splitlines()
    table = shown[1 : 1 + len(ratios)]
    for line, index in zip(table, [3, 1, 0, 2, 4], strict=True):
        assert line.startswith(rows[index].name)
        assert line.endswith("LOSS") is (ratios[index] < 1)
    assert "Slower on raddle: 2 of 5 rows." in shown


def test_after_an_interrupt_the_rows_until_then_are_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measure(*_: object) -> Iterator[Result]:
        yield made_up(0, 2.0)
        raise KeyboardInterrupt

    monkeypatch.setattr(catalogue, "measure", measure)
    assert bench.bench([], 2, every=False, as_json=True) == 130
    told = json.loads(capsys.readouterr().out)
    assert told["complete"] is False
    assert [row["ratio"] for row in told["rows"]] == [2.0]


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"profile_guided": False}, "was not optimised by a profile"),
        ({"profile_guided": None}, "does not say whether it is optimised by a profile"),
        ({"debug_build": True}, "debug build"),
        ({"load": 2.1}, "a load average of 2.1 on 4 processors"),
        ({"processors": 2}, "This process has 2 processors"),
        ({"gil_enabled": True}, "turns of up to 5 ms"),
    ],
)
def test_a_bias_is_noted_where_there_is_one(changed: dict[str, Any], word: str) -> None:
    interpreter = {"profile_guided": True, "debug_build": False, "gil_enabled": False, "switch_interval": 0.005}
    computer = {"processors": 4, "load": 0.1}
    assert word not in " ".join(machine.biases(interpreter, computer))
    for facts in (interpreter, computer):
        facts.update({name: value for name, value in changed.items() if name in facts})
    assert word in " ".join(machine.biases(interpreter, computer))


def made_up(index: int, ratio: float) -> Result:
    return Result(
        row=catalogue.QUICK[index],
        stock=100 * ratio,
        ours=100.0,
        stock_least=90 * ratio,
        ours_least=90.0,
        ratio=ratio,
        low=ratio,
        high=ratio,
    )
