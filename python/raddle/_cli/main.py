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
    if options.command in ("ps", "locks", "dump"):
        from raddle._cli import look

        return int(getattr(look, options.command)(options.pid, as_json=options.json))
    if options.command == "bench":
        from raddle._cli.bench import bench

        return bench(options.names, options.rounds, every=options.all, as_json=options.json)
    parser.print_help()
    return 0


def _parser() -> argparse.ArgumentParser:
    import argparse

    from raddle import __version__
    from raddle._cli.run import USAGE

    parser = argparse.ArgumentParser(
        prog="raddle", description="Run unmodified Python programs on raddle's threads, and look at running ones."
    )
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
    _add_looks(commands)
    _add_bench(commands)
    return parser


def _add_looks(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    others = (
        "The process is one of the same user that was started with `raddle run --inspect`, or has called "
        "`raddle.diagnostics.serve()`. It is answered by a thread of its own, also while the program is deadlocked. "
        "The exit code is 1 when there is no answer."
    )
    for name, what in (
        ("ps", "say what the threads of a running process do, what they wait for and what they hold"),
        ("locks", "say who has what in a running process, and who waits for it, in order"),
        ("dump", "say all that raddle knows of a running process, deadlocks included"),
    ):
        look = commands.add_parser(name, help=what, description=f"{what.capitalize()}. {others}")
        look.add_argument("--json", action="store_true", help="print it as JSON")
        optional = " (without one: list the processes that can be looked at)" if name == "ps" else ""
        look.add_argument(
            "pid",
            type=_process_number,
            nargs="?" if name == "ps" else None,
            metavar="PID",
            help=f"the number of the process{optional}",
        )


def _add_bench(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    bench = commands.add_parser(
        "bench",
        help="measure the primitives beside the standard library's, here and now",
        description="Measure what raddle's primitives take, beside the standard library's: both in this process, in "
        "turns, with results that are checked. Rows where raddle is slower come first. Takes about two minutes.",
    )
    bench.add_argument("--all", action="store_true", help="measure all rows: more threads, capacities and workloads")
    bench.add_argument("--rounds", type=_rounds, default=15, metavar="N", help="rounds for each row, at least 2 (15)")
    bench.add_argument("--json", action="store_true", help="print the results as JSON")
    bench.add_argument(
        "names", nargs="*", metavar="NAME", help="only primitives whose names begin with this, such as Lock or queue"
    )


def _rounds(text: str) -> int:
    import argparse

    if not text.isascii() or not text.isdecimal() or int(text) < 2:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of rounds: at least 2")
    return int(text)


def _process_number(text: str) -> int:
    import argparse

    if not text.isascii() or not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of a process")
    return int(text)
