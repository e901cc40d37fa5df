"""Compares the running classes with typeshed's stubs of the standard library, and with our own stubs.

Usage: ``python -m tests.parity``, in an environment with mypy in which raddle is installed. mypy's ``stubtest`` looks
at the standard modules twice, on the standard library's classes and on raddle's: what it finds in the second run and
not in the first must be in ``findings.toml``, with the reason. Then it looks at raddle's own modules with our stubs,
where it must find nothing that is not named there either. What is named there and not found is an error as well.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

STANDARD = ["threading", "queue", "concurrent.futures", "_thread", "_queue"]

OUR_STUBS = ["raddle._native", "raddle.threading", "raddle.queue", "raddle.concurrent.futures"]

# Runs in the process that looks, before it does.
GUARD = """
import os, queue, runpy, sys, threading, _queue, _thread
from concurrent.futures import Future
if os.environ.get("RADDLE_INSTALL"):
    from raddle import _native as native
    assert type(_thread.allocate_lock()) is native.lock and _queue.SimpleQueue is native.SimpleQueue
    for ours, named in ((native.Event, threading.Event), (native.Queue, queue.Queue), (native.Future, Future)):
        assert issubclass(named, ours), named
else:
    assert not any(name.startswith("raddle") for name in sys.modules)
runpy.run_module("mypy.stubtest", run_name="__main__", alter_sys=True)
"""

# A look that takes longer than this hangs.
TIME_BOX = 600


def main() -> int:
    """Runs the three looks and says what is not explained. Returns the exit code."""
    explained = tomllib.loads(Path(__file__).with_name("findings.toml").read_text(encoding="utf-8"))
    stock, switched = look(STANDARD), look(STANDARD, RADDLE_INSTALL="1")
    ours = [finding for finding in look(OUR_STUBS) if has_stub(finding)]
    print(f"{sys.version}\n")
    print(f"standard modules: {len(stock)} findings on the standard library, {len(switched)} on raddle")
    print(f"our stubs: {len(ours)} findings")
    problems = unexplained([finding for finding in switched if finding not in stock], explained["standard"])
    problems += unexplained(ours, explained["ours"])
    print("\n".join(["", *problems]) if problems else "all of them explained")
    return 1 if problems else 0


def look(modules: list[str], **environment: str) -> list[str]:
    """What stubtest finds in modules, a line each."""
    result = subprocess.run(
        [sys.executable, "-c", GUARD, "--concise", *modules],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("RADDLE_")} | environment,
        timeout=TIME_BOX,
        check=False,
    )
    lines = result.stdout.splitlines()
    # 1 says that there are findings; but also that it could not look.
    if result.returncode not in (0, 1) or result.stderr or any(line.startswith("error:") for line in lines):
        raise SystemExit(f"stubtest could not look at {', '.join(modules)}:\n{result.stdout}{result.stderr}")
    return lines


def has_stub(finding: str) -> bool:
    """Whether a finding is about a module of ours that has a stub; in others there is nothing to compare."""
    import raddle

    package = Path(raddle.__file__).parent
    parts = finding.split()[0].split(".")[1:]
    # The longest path that is a module is where it was found.
    for length in range(len(parts), 0, -1):
        path = package.joinpath(*parts[:length])
        if path.with_suffix(".pyi").exists() or (path / "__init__.pyi").exists():
            return True
        if path.with_suffix(".py").exists():
            return False
    return False


def unexplained(findings: list[str], explained: list[dict[str, Any]]) -> list[str]:
    """Which findings no entry names, and which entries name no finding."""
    entries = [entry for entry in explained if sys.version_info >= tuple(entry.get("since", ()))]
    patterns = [re.compile(entry["finding"]) for entry in entries]
    return [
        *(f"not explained: {one}" for one in findings if not any(pattern.fullmatch(one) for pattern in patterns)),
        *(f"not found: {one.pattern}" for one in patterns if not any(one.fullmatch(finding) for finding in findings)),
    ]


if __name__ == "__main__":
    sys.exit(main())
