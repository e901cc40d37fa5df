"""The entry of the command line: which command, and its options."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code; where `raddle run` execs, do not return."""
    arguments = sys.argv[1:] if arguments is None else arguments
    # Taken out by hand: what follows `run` is for the interpreter, `-h` and `--` in it included.
    if arguments[:1] == ["run"]:
        from raddle._cli.run import run

        return run(arguments[1:])
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command == "doctor":
        from raddle._cli.doctor import doctor

        return doctor(options.modules, as_json=options.json)
    parser.print_help()
    return 0


def _parser() -> argparse.ArgumentParser:
    import argparse

    from raddle import __version__
    from raddle._cli.run import USAGE

    parser = argparse.ArgumentParser(prog="raddle", description="Run unmodified Python programs on raddle's threads.")
    parser.add_argument("--version", action="version", version=f"raddle {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command")
    commands.add_parser(
        "run",
        help="run a script, a module or a command, as python does, on raddle's classes",
        usage=USAGE,
        add_help=False,
    )
    doctor = commands.add_parser(
        "doctor",
        help="say what is switched here, and whether threads run in parallel",
        description="Say what raddle switches in this interpreter, what the interpreter is, and "
        "whether its threads run in parallel: that is measured, and takes about a second. "
        "The exit code is 1 when `raddle run` would not switch a program here.",
    )
    doctor.add_argument("--json", action="store_true", help="print the report as JSON")
    doctor.add_argument(
        "modules",
        nargs="*",
        metavar="module",
        help="a module to import before the switch, to see which names it would keep from the "
        "standard library in a program that calls raddle.install() after importing it",
    )
    return parser
