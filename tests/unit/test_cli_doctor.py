"""`raddle doctor` says what is switched, what the interpreter is, and whether its threads run in parallel."""

from __future__ import annotations

import concurrent.futures
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import raddle
from raddle._cli.parallel import Measurement, is_gil_enabled, measure

# A command that has not ended after this many seconds hangs. Generous, because the machine may be busy.
TIME_BOX = 120.0

EXPECTED = {
    "threading.Lock": "native",
    "threading.RLock": "native",
    "threading.Condition": "native",
    "threading.Event": "native",
    "threading.Semaphore": "native",
    "threading.BoundedSemaphore": "native",
    "threading.Barrier": "native",
    "queue.Queue": "native",
    "queue.LifoQueue": "native",
    "queue.SimpleQueue": "native",
    "threading.Thread": "stock, on native primitives",
    "queue.PriorityQueue": "stock, on native primitives",
    "concurrent.futures.Future": "native",
    "concurrent.futures.ThreadPoolExecutor": "native",
}


def test_the_report_as_json(tmp_path: Path) -> None:
    report = doctor_report(["--json"], tmp_path)
    assert report["raddle"] == raddle.__version__
    assert report["run"] == {"ready": True, "problem": None}
    assert report["classes"] == EXPECTED
    assert report["late_install"] is None
    interpreter = report["interpreter"]
    assert interpreter["executable"] == sys.executable
    assert interpreter["version"] == platform.python_version()
    assert interpreter["gil_enabled"] is is_gil_enabled()
    measured = report["parallel"]
    assert measured["threads"] >= 2
    assert measured["seconds_one_thread"] > 0
    assert measured["seconds_all_threads"] > 0
    assert measured["verdict"]
    # With a GIL nothing runs in parallel, and something can be done about it.
    assert not (measured["parallel"] and interpreter["gil_enabled"])
    assert bool(measured["advice"]) is interpreter["gil_enabled"]


def test_the_report_as_text(tmp_path: Path) -> None:
    done = doctor([], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for name, found in EXPECTED.items():
        assert any(line.split(maxsplit=1) == [name, found] for line in done.stdout.splitlines()), name
    assert f"raddle {raddle.__version__} in {sys.executable}" in done.stdout
    assert platform.python_version() in done.stdout
    assert "CPU-bound threads did the work of" in done.stdout


def test_a_module_that_takes_names_early_is_listed(tmp_path: Path) -> None:
    (tmp_path / "early.py").write_text("from queue import Queue\nfrom threading import Event\nprint('imported')\n")
    report = doctor_report(["--json", "early"], tmp_path)
    late = report["late_install"]
    assert late["modules"] == ["early"]
    assert {"early.Queue", "early.Event"} <= set(late["early_binders"])
    assert late["classes"] == EXPECTED
    text = doctor(["early"], tmp_path).stdout
    assert "early.Queue" in text


def test_a_module_that_does_not_import_is_an_error(tmp_path: Path) -> None:
    done = doctor(["missing"], tmp_path)
    assert done.returncode == 1
    assert "No module named 'missing'" in done.stderr


def test_an_interpreter_that_raddle_run_would_not_switch(tmp_path: Path) -> None:
    environment = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True, timeout=TIME_BOX)
    python = str(environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    on_the_path = str(Path(raddle.__file__).parents[1])
    done = doctor(["--json"], tmp_path, python=python, PYTHONPATH=on_the_path)
    assert (done.returncode, done.stderr) == (1, "")
    report = json.loads(done.stdout)
    assert report["run"]["ready"] is False
    assert "raddle_install.pth is not installed" in report["run"]["problem"]
    done = doctor([], tmp_path, python=python, PYTHONPATH=on_the_path)
    assert done.returncode == 1
    assert "nothing: the start-up hook" in done.stdout


def test_a_measurement() -> None:
    measured = measure(threads=3, rounds=1)
    assert measured.threads == 3
    assert measured.cpus >= 1
    assert measured.gil_enabled is is_gil_enabled()
    assert measured.speedup == 3 * measured.seconds_one_thread / measured.seconds_all_threads


@pytest.mark.parametrize(
    ("measurement", "parallel", "words", "has_advice"),
    [
        (Measurement(4, 1.0, 4.0, False, True, 4), False, "because of the GIL", True),
        # A busy moment may slow the one thread down: with a GIL that is no speed-up.
        (Measurement(2, 1.0, 1.3, False, True, 4), False, "because of the GIL", True),
        (Measurement(4, 1.0, 1.1, True, False, 4), True, "run in parallel here", False),
        (Measurement(2, 1.0, 2.0, True, False, 4), False, "the machine is busy", False),
        (Measurement(2, 1.0, 2.0, True, False, 1), False, "only one CPU", False),
        (Measurement(2, 1.0, 2.0, True, True, 4), False, "because of the GIL", True),
    ],
)
def test_the_verdict(measurement: Measurement, parallel: bool, words: str, has_advice: bool) -> None:
    assert measurement.parallel is parallel
    assert words in measurement.verdict
    assert bool(measurement.advice) is has_advice


def test_what_is_advised_instead_of_threads() -> None:
    advice = Measurement(2, 1.0, 2.0, False, True, 4).advice
    ways = ("free-threaded build", "ProcessPoolExecutor", "InterpreterPoolExecutor", "Rust")
    assert all(any(way in line for line in advice) for way in ways)
    assert any("hashlib" in line for line in advice)
    interpreters = next(line for line in advice if "InterpreterPoolExecutor" in line)
    assert ("from Python 3.14 on" in interpreters) is not hasattr(concurrent.futures, "InterpreterPoolExecutor")


def test_one_cpu_gains_nothing_from_processes() -> None:
    advice = Measurement(2, 1.0, 2.0, False, True, 1).advice
    assert any("only one CPU" in line for line in advice)
    assert not any("ProcessPoolExecutor" in line for line in advice)


def test_a_free_threaded_build_with_its_gil_on_is_told_how_to_switch_it_off() -> None:
    assert "-X gil=0" in Measurement(2, 1.0, 2.0, True, True, 4).advice[0]
    assert "-X gil=0" not in "".join(Measurement(2, 1.0, 2.0, False, True, 4).advice)


def doctor(
    arguments: Sequence[str], directory: Path, *, python: str = sys.executable, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command in an environment in which nothing is switched yet."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("RADDLE_INSTALL", "PYTHONPATH")}
    return subprocess.run(
        [python, "-m", "raddle", "doctor", *arguments],
        cwd=directory,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        timeout=TIME_BOX,
        check=False,
    )


def doctor_report(arguments: Sequence[str], directory: Path) -> dict[str, Any]:
    """Run the command, which must end well, and return the report that it prints as JSON."""
    done = doctor(arguments, directory)
    assert (done.returncode, done.stderr) == (0, "")
    report: dict[str, Any] = json.loads(done.stdout)
    return report
