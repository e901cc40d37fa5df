"""Measures, and writes down what was measured with all that is needed to judge it and to do it again.

Usage: `make bench`, or `python -m benchmarks.python.record [--quick] [--rounds N] [--[no-]profile-guided] [KIND ...]`
from the root of the project, in an environment in which raddle has been built from this checkout. The kinds are
`python` (the rows of `raddle bench --all`), `growth` and `rust`; without one, all of them.

A record is `benchmarks/record/MACHINE/BUILD-COMMIT.json`: the interpreter and its build, or the Rust compiler.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.python import growth, names

from raddle import __version__
from raddle._bench import rows as catalogue
from raddle._cli import machine

ROOT = Path(__file__).parents[2]
RECORDS = ROOT / "benchmarks" / "record"
KINDS = ("python", "growth", "rust")

Record = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.python.record")
    parser.add_argument("--quick", action="store_true", help="only the rows of `raddle bench` without --all")
    parser.add_argument("--rounds", type=int, default=catalogue.ROUNDS, help=f"for each row ({catalogue.ROUNDS})")
    parser.add_argument(
        "--profile-guided",
        action=argparse.BooleanOptionalAction,
        help="whether the interpreter was optimised by a profile (PGO), if it does not say so itself",
    )
    parser.add_argument("kind", nargs="*", metavar="KIND", help=f"what to measure: {', '.join(KINDS)}")
    arguments = parser.parse_args()
    if unknown := set(arguments.kind) - set(KINDS):
        parser.error(f"no such kind: {', '.join(sorted(unknown))}")
    measuring: dict[str, Callable[[], Record]] = {
        "python": lambda: python(catalogue.QUICK if arguments.quick else catalogue.ALL, arguments.rounds),
        "growth": lambda: {"repeats": growth.REPEATS, "work": growing(growth.REPEATS)},
        "rust": lambda: rust(arguments.rounds),
    }
    for kind in arguments.kind or KINDS:
        # What else the machine does is asked before there is work of our own.
        record = about(kind, arguments.profile_guided)
        if (load := record["machine"]["load"]) is not None and load > 1:
            print(f"the load average is {load:.1f}: such a record is not one to publish", file=sys.stderr)
        print(f"measuring: {kind}", file=sys.stderr)
        record.update(measuring[kind]())
        path = write(record, RECORDS)
        print(path.relative_to(ROOT))


def about(kind: str, profile_guided: bool | None = None) -> Record:
    """Return what a record says beside the figures. `profile_guided` is for an interpreter that does not say."""
    interpreter, computer = machine.interpreter(), machine.machine()
    if interpreter["profile_guided"] is None:
        interpreter["profile_guided"] = profile_guided
    return {
        "kind": kind,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python -m benchmarks.python.record", *sys.argv[1:]]),
        "commit": git("rev-parse", "HEAD"),
        "dirty": bool(git("status", "--porcelain", "--untracked-files=no")),
        "raddle": __version__,
        "machine": computer,
        "interpreter": without_paths(interpreter),
        "rust": run(["rustc", "--version"]),
        "notes": [] if kind == "rust" else machine.biases(interpreter, computer),
    }


def without_paths(interpreter: Record) -> Record:
    """Return the facts without where somebody keeps things, which says nothing to others."""
    told = {name: fact for name, fact in interpreter.items() if name != "executable"}
    flags = shlex.split(told["configured_with"] or "")
    told["configured_with"] = shlex.join(flag for flag in flags if "/" not in flag)
    return told


def python(rows: Sequence[Any], rounds: int) -> Record:
    """Measure the rows beside the standard library."""
    results = []
    for result in catalogue.measure(rows, rounds):
        results.append(result.as_json())
        print(f"\r{len(results)} of {len(rows)}", end="", file=sys.stderr)
    print(file=sys.stderr)
    return {"rounds": rounds, "rows": results}


def growing(repeats: int) -> list[dict[str, object]]:
    """Measure how time and memory grow."""
    return [growth.as_json(name, growth.measure(work, work.sizes, repeats)) for name, work in growth.GROWING.items()]


def rust(rounds: int) -> Record:
    """Measure the crate beside others."""
    target = ROOT / ".build" / "bench-rust"
    command = ["cargo", "run", "--quiet", "--release", "--locked", "--target-dir", str(target), "--"]
    told: Record = json.loads(run([*command, "--json", "--rounds", str(rounds)], ROOT / "benchmarks" / "rust"))
    return told


def write(record: Record, folder: Path) -> Path:
    """Write the record where records of its machine are, and return where."""
    path = folder / names.machine(record) / names.file(record)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return path


def git(*arguments: str) -> str:
    return run(["git", *arguments])


def run(command: Sequence[str], folder: Path = ROOT) -> str:
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


if __name__ == "__main__":
    main()
