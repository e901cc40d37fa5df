"""`raddle run` does what `python` does: the same output, the same errors and the same exit code."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import raddle
from raddle._cli.run import interpreter_options

# A command that has not ended after this many seconds hangs. Generous, because the machine may be busy.
TIME_BOX = 120.0

ON_POSIX = pytest.mark.skipif(os.name != "posix", reason="signals end a process on POSIX only")


@dataclass(frozen=True)
class Scenario:
    """A command line for the interpreter, the files it finds, and what it reads."""

    name: str
    arguments: Sequence[str]
    files: Mapping[str, str] = field(default_factory=dict)
    stdin: str = ""
    posix_only: bool = False


SHOW = """
import sys
print(__name__, sys.argv, sys.path[0], sys.flags, sys.orig_argv[1:], sys.warnoptions, sys._xoptions)
print(globals().get("__file__"), __spec__ and __spec__.name, __package__, sorted(vars()))
"""

RAISE = """
def inner():
    raise LookupError("out of the script")

inner()
"""

THREADS = """
import threading

def fail():
    1 / 0

threads = [threading.Thread(target=fail, name="failing"), threading.Thread(target=print, args=("done",))]
for thread in threads:
    thread.start()
    thread.join()
print("main ends")
threading.Thread(target=lambda: (threading.main_thread().join(), print("and the last thread"))).start()
"""

SPAWN = """
import multiprocessing
import sys

class Point:
    def __init__(self, x):
        self.x = x

def double(point):
    return Point(2 * point.x)

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    with context.Pool(1) as pool:
        print([point.x for point in pool.map(double, [Point(1), Point(2)])])
    print(type(Point(0)), sys.modules["__main__"].Point is Point)
"""

SCENARIOS = (
    Scenario("script", ["show.py"], {"show.py": SHOW}),
    Scenario("script with arguments", ["show.py", "a", "", "-x", "--no-children", "-h", "--"], {"show.py": SHOW}),
    Scenario("script in a directory", ["folder/show.py"], {"folder/show.py": SHOW}),
    Scenario(
        "script with local imports",
        ["folder/main.py"],
        {"folder/main.py": "import helper; print(helper.value, helper.__file__)", "folder/helper.py": "value = 7"},
    ),
    Scenario("directory", ["app", "a"], {"app/__main__.py": SHOW}),
    Scenario("directory without a program", ["app"], {"app/other.py": SHOW}),
    Scenario("module", ["-m", "show", "a", "-b"], {"show.py": SHOW}),
    Scenario("module, in one word", ["-mshow", "a"], {"show.py": SHOW}),
    Scenario("package", ["-m", "app", "a"], {"app/__init__.py": "print(__name__)", "app/__main__.py": SHOW}),
    Scenario("module of a package", ["-m", "app.show"], {"app/__init__.py": "", "app/show.py": SHOW}),
    Scenario("package without a program", ["-m", "app"], {"app/__init__.py": ""}),
    Scenario("module that wants threading first", ["-m", "threading"]),
    Scenario("command", ["-c", SHOW, "a", "-b", "--help"]),
    Scenario("command in one word", ["-cprint('one word')"]),
    Scenario("interpreter options", ["-B", "-O", "-W", "ignore", "-X", "dev", "-u", "show.py", "a"], {"show.py": SHOW}),
    Scenario("interpreter options in one word", ["-BuWignore", "-Xutf8", "-bc", SHOW]),
    Scenario("isolated", ["-I", "show.py"], {"show.py": SHOW}),
    Scenario("end of the options", ["--", "show.py", "-x"], {"show.py": SHOW}),
    Scenario("version", ["-V"]),
    Scenario("unknown option", ["-Z"]),
    Scenario("option without its value", ["-c"]),
    Scenario("missing script", ["missing.py", "a"]),
    Scenario("missing module", ["-m", "missing", "a"]),
    Scenario("missing module of a package", ["-m", "app.missing"], {"app/__init__.py": ""}),
    Scenario("script that raises", ["raise.py"], {"raise.py": RAISE}),
    Scenario("module that raises", ["-m", "fails"], {"fails.py": RAISE}),
    Scenario("command that raises", ["-c", RAISE]),
    Scenario("syntax error", ["wrong.py"], {"wrong.py": "print(1\n"}),
    Scenario("exit with a number", ["exit.py"], {"exit.py": "import sys; print('before'); sys.exit(3)"}),
    Scenario("exit with a text", ["exit.py"], {"exit.py": "import sys; sys.exit('a text')"}),
    Scenario("exit with nothing", ["exit.py"], {"exit.py": "raise SystemExit"}),
    Scenario("exit at once", ["exit.py"], {"exit.py": "import os; os._exit(4)"}),
    Scenario("exit in atexit order", ["-c", "import atexit; atexit.register(print, 'last'); print('first')"]),
    Scenario("threads that fail and threads that stay", ["threads.py"], {"threads.py": THREADS}),
    Scenario("reads its input", ["-c", "print(input(), input())"], stdin="one\ntwo\n"),
    Scenario("program from the input", ["-", "a", "b"], stdin=SHOW),
    Scenario("program from the input, without arguments", [], stdin=SHOW),
    Scenario("spawned processes", ["spawn.py", "spawn"], {"spawn.py": SPAWN}),
    Scenario("processes of a fork server", ["spawn.py", "forkserver"], {"spawn.py": SPAWN}, posix_only=True),
    Scenario("forked processes", ["spawn.py", "fork"], {"spawn.py": SPAWN}, posix_only=True),
    Scenario(
        "killed by Ctrl-C",
        ["-c", "import os, signal; os.kill(os.getpid(), signal.SIGINT)"],
        posix_only=True,
    ),
    Scenario(
        "killed by a signal",
        ["-c", "import os, signal; print('before', flush=True); os.kill(os.getpid(), signal.SIGTERM)"],
        posix_only=True,
    ),
)


@pytest.mark.parametrize(
    "scenario",
    [
        pytest.param(scenario, id=scenario.name, marks=[ON_POSIX] if scenario.posix_only else [])
        for scenario in SCENARIOS
    ],
)
def test_a_program_runs_as_with_python(scenario: Scenario, tmp_path: Path) -> None:
    write(tmp_path, scenario.files)
    expected = run([sys.executable, *scenario.arguments], tmp_path, stdin=scenario.stdin)
    actual = run([*RADDLE, "run", *scenario.arguments], tmp_path, stdin=scenario.stdin)
    assert actual == expected


def test_the_installed_command_is_the_same_as_the_module(tmp_path: Path) -> None:
    name = "raddle.exe" if os.name == "nt" else "raddle"
    command = str(Path(sysconfig.get_path("scripts")) / name)
    outcome = run([command, "run", "-c", IS_SWITCHED, "a"], tmp_path)
    assert outcome == run([*RADDLE, "run", "-c", IS_SWITCHED, "a"], tmp_path)
    assert outcome == Outcome(0, "True True\n", "")


@pytest.mark.parametrize("options", [[], ["-I"], ["-s"], ["-E"], ["-O"], ["-X", "dev"]], ids=" ".join)
def test_the_program_is_switched(options: list[str], tmp_path: Path) -> None:
    write(tmp_path, {"program.py": IS_SWITCHED})
    outcome = run([*RADDLE, "run", *options, "program.py"], tmp_path)
    assert outcome == Outcome(0, "True True\n", "")


def test_only_raddle_and_the_standard_library_are_imported_before_the_program(tmp_path: Path) -> None:
    code = "import sys; print(*sorted(sys.modules))"
    plain = set(run([sys.executable, "-c", code], tmp_path).stdout.split())
    switched = set(run([*RADDLE, "run", "-c", code], tmp_path).stdout.split())
    added = switched - plain
    assert "raddle._native" in added
    # Whoever imports threading is the main thread for it: that must be the program.
    assert not {"threading", "queue", "concurrent.futures"} & added
    assert {name.partition(".")[0] for name in added} <= {"raddle", *sys.stdlib_module_names, *sys.builtin_module_names}


CHILD = f"""
import multiprocessing
import os
import subprocess
import sys

IS_SWITCHED = {"import sys; import threading, queue; print('raddle' in sys.modules, flush=True)"!r}

def show():
    exec(IS_SWITCHED)

if __name__ == "__main__":
    show()
    subprocess.run([sys.executable, "-c", IS_SWITCHED], check=True)
    subprocess.run([sys.executable, "-I", "-c", IS_SWITCHED], check=True)
    process = multiprocessing.get_context("spawn").Process(target=show)
    process.start()
    process.join()
    sys.exit(process.exitcode)
"""


def test_the_interpreters_it_starts_are_switched_too(tmp_path: Path) -> None:
    write(tmp_path, {"children.py": CHILD})
    outcome = run([*RADDLE, "run", "children.py"], tmp_path)
    assert outcome == Outcome(0, "True\nTrue\nTrue\nTrue\n", "")


def test_the_interpreters_it_starts_are_left_alone_on_request(tmp_path: Path) -> None:
    write(tmp_path, {"children.py": CHILD})
    outcome = run([*RADDLE, "run", "--no-children", "children.py"], tmp_path)
    assert outcome == Outcome(0, "True\nFalse\nFalse\nFalse\n", "")


def test_a_program_is_not_started_where_the_hook_would_not_run(tmp_path: Path) -> None:
    outcome = run([*RADDLE, "run", "-S", "-c", "print('started')"], tmp_path)
    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert outcome.stderr == (
        "raddle: with -S the interpreter does not run raddle's start-up hook; the program was not started\n"
    )


def test_a_program_is_not_started_where_the_hook_is_not_installed(tmp_path: Path) -> None:
    python = interpreter_without_the_hook(tmp_path)
    command = [python, "-m", "raddle", "run", "-c", "print('started')"]
    outcome = run(command, tmp_path, PYTHONPATH=str(Path(raddle.__file__).parents[1]))
    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert "the start-up hook raddle_install.pth is not installed in" in outcome.stderr
    assert outcome.stderr.endswith("the program was not started\n")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], []),
        (["script.py", "-S"], []),
        (["-", "-S"], []),
        (["--", "-S"], []),
        (["-S", "script.py", "-I"], ["-S"]),
        (["-BS", "-m", "module", "-I"], ["-BS"]),
        (["-Sc", "code", "-I"], ["-S"]),
        (["-W", "-S", "-X", "-S", "-I", "script.py"], ["-I"]),
        (["-uWerror::SIs", "-I", "script.py"], ["-u", "-I"]),
        (["-XSI", "script.py"], []),
        (["--check-hash-based-pycs", "-S", "-I"], ["--check-hash-based-pycs", "-I"]),
    ],
)
def test_the_options_of_the_interpreter_are_told_from_those_of_the_program(
    arguments: list[str], expected: list[str]
) -> None:
    assert interpreter_options(arguments) == expected


ASK_FOR_SETTINGS = "import threading; from raddle import _deadlocks; print(_deadlocks.settings.deadlocks)"


@pytest.mark.parametrize("choice", ["raise", "report", "off"])
def test_what_is_done_about_deadlocks_can_be_said(choice: str, tmp_path: Path) -> None:
    outcome = run([*RADDLE, "run", f"--deadlocks={choice}", "--no-children", "-c", ASK_FOR_SETTINGS], tmp_path)
    assert outcome == Outcome(0, f"{choice}\n", "")


def test_what_is_done_about_deadlocks_has_three_choices(tmp_path: Path) -> None:
    outcome = run([*RADDLE, "run", "--deadlocks=maybe", "-c", ASK_FOR_SETTINGS], tmp_path)
    expected = "raddle: --deadlocks must be one of raise, report, off; the program was not started\n"
    assert outcome == Outcome(2, "", expected)


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help(option: str, tmp_path: Path) -> None:
    outcome = run([*RADDLE, "run", option], tmp_path)
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith("usage: raddle run [--no-children]")


def test_version(tmp_path: Path) -> None:
    outcome = run([*RADDLE, "--version"], tmp_path)
    assert outcome == Outcome(0, f"raddle {raddle.__version__}\n", "")
    assert raddle.__version__[0].isdigit()


def test_help_of_the_whole(tmp_path: Path) -> None:
    outcome = run([*RADDLE], tmp_path)
    assert outcome == run([*RADDLE, "--help"], tmp_path)
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert "doctor" in outcome.stdout


def test_unknown_command(tmp_path: Path) -> None:
    outcome = run([*RADDLE, "walk"], tmp_path)
    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert "walk" in outcome.stderr


RADDLE = (sys.executable, "-m", "raddle")

IS_SWITCHED = """
import queue, threading
from raddle import _native
print(isinstance(threading.Event(), _native.Event), isinstance(queue.Queue(), _native.Queue))
"""


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def run(command: Sequence[str], directory: Path, *, stdin: str = "", **environment: str) -> Outcome:
    """Run a command in an environment in which nothing is switched yet."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("RADDLE_INSTALL", "PYTHONPATH")}
    done = subprocess.run(
        command,
        cwd=directory,
        env={**inherited, **environment},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=TIME_BOX,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def write(directory: Path, files: Mapping[str, str]) -> None:
    """Write the files with their folders."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))


def interpreter_without_the_hook(directory: Path) -> str:
    """Make a virtual environment without packages and return its interpreter."""
    environment = directory / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True, timeout=TIME_BOX)
    return str(environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
