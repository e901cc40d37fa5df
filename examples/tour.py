"""The tour: what `make run` shows.

Usage: `python -m examples.tour`, from the root of the project, in an environment in which raddle is installed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from benchmarks.python import quick
from rich.console import Console

PROGRAM = Path("examples/python/bakery.py")
RADDLE = os.path.relpath(Path(sysconfig.get_path("scripts"), "raddle"))

# The program takes milliseconds. One that takes this many seconds hangs.
TIME_BOX = 60


def main() -> int:
    console = Console(highlight=False)
    report = examine()
    interpreter = report["interpreter"]
    build = "free-threaded" if interpreter["free_threaded_build"] else "with a GIL"
    console.print(f"raddle {report['raddle']} on CPython {interpreter['version']}, {build}")

    heading(console, "1. The same program, on python and on raddle")
    same = compare_outputs(console)
    native = [name.rpartition(".")[2] for name, found in report["classes"].items() if found == "native"]
    console.print(f"Run by raddle, these were its own: {', '.join(native)}. Nothing in the program was changed.")

    heading(console, "2. How fast: the primitives beside the standard library's")
    console.print("Measuring takes about half a minute ...")
    quick.show(list(quick.measure()), console)

    heading(console, "3. What threads do in this interpreter")
    console.print(report["parallel"]["verdict"])
    for advice in report["parallel"]["advice"]:
        console.print(f"- {advice}")

    heading(console, "Your own program")
    # Plain, so that no console wraps the line that is to be copied.
    print(f"{RADDLE} run your.py")
    return 0 if same else 1


def heading(console: Console, text: str) -> None:
    console.print()
    console.print(text, style="bold")
    console.print("-" * len(text), style="bold")


def compare_outputs(console: Console) -> bool:
    """Run the program both ways; show and return whether it did the same."""
    python = run([sys.executable, str(PROGRAM)])
    raddle = run([RADDLE, "run", str(PROGRAM)])
    lines = raddle.stdout.splitlines()
    console.print(f"$ python {PROGRAM}        {summary(python)}")
    console.print(f"$ raddle run {PROGRAM}    {summary(raddle)}")
    console.print(*(f"  {line}" for line in (lines[0], lines[1], "...", lines[-1])), sep="\n")
    same = sorted(python.stdout.splitlines()) == sorted(lines)
    same = same and (python.returncode, python.stderr) == (raddle.returncode, raddle.stderr) == (0, "")
    if same:
        console.print(f"The same: {len(lines)} lines (threads may order them anew in every run), exit code, no errors.")
    else:
        console.print("NOT the same. This is a defect, please report it.", style="bold")
        for result in (python, raddle):
            console.print(result.stdout, result.stderr)
    return same


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=TIME_BOX
    )


def summary(result: subprocess.CompletedProcess[str]) -> str:
    return f"{len(result.stdout.splitlines())} lines, exit code {result.returncode}"


def examine() -> dict[str, Any]:
    """Ask `raddle doctor` what is switched here, and what CPU-bound threads gain."""
    doctor = subprocess.run(
        [RADDLE, "doctor", "--json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True
    )
    report: dict[str, Any] = json.loads(doctor.stdout)
    return report


if __name__ == "__main__":
    sys.exit(main())
