"""The tour: what `make run` shows.

Usage: `python -m examples.tour`, from the root of the project, in an environment in which raddle is installed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from examples.both import PROGRAMS, Both, is_good, run, run_both
from rich.console import Console

from raddle._bench import rows
from raddle._cli import bench

PYTHON = [sys.executable]
RADDLE = [os.path.relpath(Path(sysconfig.get_path("scripts"), "raddle"))]
CPU_BOUND = next(program for program in PROGRAMS if program.stem == "cpu_bound")

# Few and short, in seconds, for the tour's sake. `make bench-quick` has more and longer ones.
ROUNDS = 3
ROUND = 0.012


def main() -> int:
    console = Console(highlight=False)
    report = examine()
    interpreter = report["interpreter"]
    build = "free-threaded" if interpreter["free_threaded_build"] else "with a GIL"
    console.print(f"raddle {report['raddle']} on CPython {interpreter['version']}, {build}")

    heading(console, "1. What is raddle's own here")
    show_classes(report["classes"], console)

    heading(console, "2. The same programs, on python and on raddle")
    console.print("Plain programs for the standard library, from examples/python, and what each says last:")
    same = True
    for both in run_programs():
        same = show_both(both, console) and same
    console.print("Compared are the lines, the exit codes, and that there were no errors. No program was changed.")

    heading(console, "3. How fast: the primitives beside the standard library's")
    console.print(f"Three short rounds each; `make bench-quick` takes {rows.ROUNDS} longer ones. Measuring ...")
    bench.show(list(rows.measure(rows.QUICK, ROUNDS, ROUND)))

    heading(console, "4. What threads do in this interpreter")
    console.print(report["parallel"]["verdict"])
    for advice in report["parallel"]["advice"]:
        console.print(f"- {advice}")
    same = show_cpu_bound(console) and same

    heading(console, "Your own program")
    # Plain, so that no console wraps the line that is to be copied.
    print(f"{RADDLE[0]} run your.py")
    return 0 if same else 1


def heading(console: Console, text: str) -> None:
    console.print()
    console.print(text, style="bold")
    console.print("-" * len(text), style="bold")


def examine() -> dict[str, Any]:
    """Ask `raddle doctor` what is switched here, and what CPU-bound threads gain."""
    doctor = subprocess.run(
        [*RADDLE, "doctor", "--json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True
    )
    report: dict[str, Any] = json.loads(doctor.stdout)
    return report


def show_classes(classes: dict[str, str], console: Console) -> None:
    console.print("One engine in Rust, written on the kernel's futex; on it, for programs that `raddle run` runs:")
    for state in dict.fromkeys(classes.values()):
        names = ", ".join(name.rpartition(".")[2] for name, found in classes.items() if found == state)
        console.print(f"- {state}: {names}")


def run_programs() -> list[Both]:
    """Run all programs both ways, two at a time; all but the one whose times are of interest."""
    programs = [program.relative_to(Path.cwd()) for program in PROGRAMS if program != CPU_BOUND]
    with ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(partial(run_both, python=PYTHON, raddle=[*RADDLE, "run"]), programs))


def show_both(both: Both, console: Console) -> bool:
    """Show and return whether the program did the same on both."""
    if both.same:
        last = both.raddle.stdout.splitlines()[-1]
        console.print(f"{both.program.stem:17} same: {last}", no_wrap=True, overflow="ellipsis", markup=False)
        return True
    console.print(f"{both.program.stem:17} NOT the same. This is a defect, please report it.", style="bold")
    for result in (both.python, both.raddle):
        console.print(f"exit code {result.returncode}", result.stdout, result.stderr, sep="\n", markup=False)
    return False


def show_cpu_bound(console: Console) -> bool:
    """Show one CPU-bound job done in several ways; return whether all of them had the right result."""
    console.print("\nOne such job in all these ways, on raddle, just now (examples/python/cpu_bound.py):")
    result = run([*RADDLE, "run", str(CPU_BOUND)])
    console.print(result.stdout.rstrip(), result.stderr.rstrip(), sep="\n", end="", markup=False)
    return is_good(result)


if __name__ == "__main__":
    sys.exit(main())
