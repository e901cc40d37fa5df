"""`raddle run`: the running interpreter once more, with raddle's start-up hook switched on.

The program is run by Python itself, by exec, so that everything about it that is not a class of
`threading` or `queue` is Python's own: arguments, path, exit code, tracebacks, signals.
"""

from __future__ import annotations

import os
import sys

USAGE = (
    "raddle run [--no-children] [--inspect] [--deadlocks=CHOICE] [python options] "
    "(script | -m module | -c code | -) [arguments]"
)

_FLAGS = ("--no-children", "--inspect", "-h", "--help")
_DEADLOCKS = "--deadlocks="
_CHOICES = ("raise", "report", "off")

_HELP = f"""\
usage: {USAGE}

Run a program as python does, on raddle's classes, with the interpreter that raddle is installed in.
Interpreters that the program starts with its environment are switched too.

options, before those of python:
  --no-children       leave the interpreters that the program starts on the standard library's classes
  --inspect           let `raddle ps`, `raddle locks` and `raddle dump` look at the program, and at those it starts
  --deadlocks=CHOICE  what is done about threads that wait for each other: "raise" (an error in one of them, where
                      nobody can end it; else a report), "report", "off"
  -h, --help          show this text
"""

# The exit code of a command line that cannot be followed, as argparse and python have it.
_USAGE_ERROR = 2


def run(arguments: list[str]) -> int:
    """Become the interpreter that runs the program; return an exit code where that cannot be."""
    switches: dict[str, str] = {"RADDLE_INSTALL": "1"}
    while arguments and (arguments[0] in _FLAGS or arguments[0].startswith(_DEADLOCKS)):
        option, *arguments = arguments
        if option == "--no-children":
            switches["RADDLE_INSTALL"] = "once"
        elif option == "--inspect":
            switches["RADDLE_INSPECT"] = "1"
        elif option.startswith(_DEADLOCKS):
            choice = option[len(_DEADLOCKS) :]
            if choice not in _CHOICES:
                print(
                    f"raddle: --deadlocks must be one of {', '.join(_CHOICES)}; the program was not started",
                    file=sys.stderr,
                )
                return _USAGE_ERROR
            switches["RADDLE_DEADLOCKS"] = choice
        else:
            print(_HELP, end="")
            return 0

    from raddle._cli import hook

    problem = hook.problem(interpreter_options(arguments))
    if problem is not None:
        print(f"raddle: {problem}; the program was not started", file=sys.stderr)
        return _USAGE_ERROR
    return _become([sys.executable, *arguments], {**os.environ, **switches})


def interpreter_options(arguments: list[str]) -> list[str]:
    """Return the interpreter's own options, which stand before the program, without values."""
    options: list[str] = []
    position = 0
    while position < len(arguments):
        argument = arguments[position]
        position += 1
        if argument in ("-", "--") or not argument.startswith("-"):
            break
        if argument.startswith("--"):
            options.append(argument)
            position += argument == "--check-hash-based-pycs"
            continue
        flags, program, value_is_next = _split(argument)
        if flags:
            options.append(f"-{flags}")
        if program:
            break
        position += value_is_next
    return options


def _split(argument: str) -> tuple[str, bool, bool]:
    """Split letters like `-Bum` into the flags, and say whether a program or a value follows."""
    for index, letter in enumerate(argument[1:], start=1):
        if letter in "cm":
            return argument[1:index], True, False
        if letter in "WX":
            return argument[1:index], False, index == len(argument) - 1
    return argument[1:], False, False


def _become(command: list[str], environment: dict[str, str]) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "posix":
        os.execve(command[0], command, environment)
    import signal
    import subprocess

    # There is no exec on Windows. Ctrl-C reaches both processes, and only the program answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return subprocess.run(command, env=environment, check=False).returncode
