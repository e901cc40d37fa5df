"""`raddle doctor`: what raddle switches in this interpreter, and what threads gain in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from raddle import __version__
from raddle._cli import hook, machine, parallel

Report = dict[str, Any]


def doctor(modules: list[str], *, as_json: bool) -> int:
    """Print the report; return 1 when `raddle run` would not switch a program here, and 0 else."""
    report = examine(modules)
    if as_json:
        print(json.dumps(report, indent=2))
    else:
        print("\n".join(_lines(report)))
    return 0 if report["run"]["ready"] else 1


def examine(modules: list[str]) -> Report:
    """Find everything out, as values that JSON can carry.

    What is switched is asked of a process that was started as `raddle run` starts a program.
    """
    problem = hook.problem([])
    report: Report = {
        "raddle": __version__,
        "interpreter": machine.interpreter(),
        "run": {"ready": problem is None, "problem": problem},
        "classes": {},
        "early_binders": [],
        "late_install": None,
        "parallel": _parallel(),
    }
    if problem is None:
        report.update(_ask([], RADDLE_INSTALL="1"))
        if modules:
            late = _ask(modules, RADDLE_INSTALL="0")
            report["late_install"] = {"modules": modules, **late}
    return report


def _parallel() -> Report:
    measured = parallel.measure()
    return {
        "threads": measured.threads,
        "cpus": measured.cpus,
        "seconds_one_thread": measured.seconds_one_thread,
        "seconds_all_threads": measured.seconds_all_threads,
        "speedup": measured.speedup,
        "parallel": measured.parallel,
        "verdict": measured.verdict,
        "advice": measured.advice,
    }


def _ask(modules: list[str], **environment: str) -> Report:
    code = "from raddle._cli.switched import main; main()"
    answer = subprocess.run(
        [sys.executable, "-c", code, *modules],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        # The traceback, of a module that does not import above all, is on stderr already.
        sys.exit(answer.returncode)
    # Modules may print while they are imported.
    found: Report = json.loads(answer.stdout.splitlines()[-1])
    return found


def _lines(report: Report) -> list[str]:
    interpreter = report["interpreter"]
    lines = [
        f"raddle {report['raddle']} in {interpreter['executable']}",
        "",
        "The interpreter",
        f"  {interpreter['implementation']} {interpreter['version']} on {interpreter['platform']}",
        f"  {machine.build(interpreter)}",
        "",
        "What `raddle run` and raddle.install() switch",
    ]
    if report["run"]["ready"]:
        width = max(map(len, report["classes"]))
        lines += [f"  {name:{width}}  {found}" for name, found in report["classes"].items()]
    else:
        lines.append(f"  nothing: {report['run']['problem']}")
    if report["early_binders"]:
        lines += ["", "Bound before the start-up hook ran: these keep the standard library's class"]
        lines += [f"  {name}" for name in report["early_binders"]]
    if report["late_install"] is not None:
        lines += ["", *_late_lines(report["late_install"])]
    lines += ["", "CPU-bound threads", f"  {report['parallel']['verdict']}"]
    lines += [f"  - {advice}" for advice in report["parallel"]["advice"]]
    return lines


def _late_lines(late: Report) -> list[str]:
    modules = ", ".join(late["modules"])
    if not late["early_binders"]:
        return [f"raddle.install() after import of {modules}: no module keeps a stock class"]
    return [
        f"raddle.install() after import of {modules}: these keep the standard library's class",
        *(f"  {name}" for name in late["early_binders"]),
        "  Call raddle.install() before these imports, or use `raddle run`.",
    ]
