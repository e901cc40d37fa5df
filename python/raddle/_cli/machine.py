"""What a figure depends on: the machine, the interpreter and its build, and what else goes on at the time."""

from __future__ import annotations

import os
import platform
import sys
import sysconfig
from pathlib import Path

from raddle._bench.measure import counted
from raddle._cli import parallel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Facts: TypeAlias = dict[str, Any]

# A load average above this part of the processors means that others compete for them.
_BUSY = 0.5


def interpreter() -> Facts:
    """Return which interpreter this is, and how it was built."""
    return {
        "executable": sys.executable,
        "implementation": platform.python_implementation(),
        "version": platform.python_version(),
        "platform": platform.platform(),
        "free_threaded_build": parallel.is_free_threaded_build(),
        "gil_enabled": parallel.is_gil_enabled(),
        "profile_guided": is_profile_guided(),
        "debug_build": bool(sysconfig.get_config_var("Py_DEBUG")),
        "compiler": platform.python_compiler(),
        "configured_with": sysconfig.get_config_var("CONFIG_ARGS"),
        "switch_interval": sys.getswitchinterval(),
    }


def is_profile_guided() -> bool | None:
    """Return whether the build is optimised by a profile (PGO), or None if it does not say.

    One that is not never says so: Debian's are, and the flags for it are taken out of what they say of themselves.
    """
    flags = f"{sysconfig.get_config_var('CONFIG_ARGS')} {sysconfig.get_config_var('PY_CORE_CFLAGS')}"
    return "--enable-optimizations" in flags or "-fprofile-use" in flags or None


def build(facts: Facts) -> str:
    """Say in words how the interpreter was built."""
    words = ["free-threaded build" if facts["free_threaded_build"] else "build with a GIL"]
    if facts["free_threaded_build"]:
        words.append("the GIL is on now" if facts["gil_enabled"] else "the GIL is off")
    profile = {
        True: "optimised by a profile (PGO)",
        False: "not optimised by a profile (no PGO)",
        None: "does not say whether it is optimised by a profile (PGO)",
    }
    words.append(profile[facts["profile_guided"]])
    return ", ".join(words)


def machine() -> Facts:
    """Return what the machine is, and how much other work it has now."""
    return {
        "processor": _processor(),
        "processors": parallel.usable_cpus(),
        "system": f"{platform.system()} {platform.release()}",
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }


def biases(interpreter: Facts, machine: Facts) -> list[str]:
    """Say what to have in mind when ratios measured by this interpreter on this machine are read."""
    notes = [
        "The rows were chosen by raddle's authors. A program gains as much as it spends in these calls.",
    ]
    if interpreter["debug_build"]:
        notes.append(
            "This is a debug build of CPython, whose own code is several times slower: no figure is worth much."
        )
    if not interpreter["profile_guided"]:
        says = "was not optimised" if interpreter["profile_guided"] is False else "does not say whether it is optimised"
        notes.append(
            f"This CPython {says} by a profile (PGO). Without, Python code is up to a sixth slower, and most of the "
            "standard library's classes are Python code: that flatters raddle."
        )
    load, processors = machine["load"], machine["processors"]
    if load is not None and load > _BUSY * processors:
        notes.append(
            f"Other work was going on: a load average of {load:.1f} on {counted(processors, 'processor')} before the "
            "first round. Ratios between neighbouring rounds bear that better than times do."
        )
    if processors < 8:
        notes.append(
            f"This process has {counted(processors, 'processor')}: rows of more threads show how they take turns."
        )
    if interpreter["gil_enabled"]:
        notes.append(
            f"Because of the GIL threads take turns of up to {interpreter['switch_interval'] * 1000:g} ms "
            "(sys.setswitchinterval): rows of several threads depend on that."
        )
    return notes


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
