"""Whether an interpreter that is started from here runs raddle's start-up hook."""

from __future__ import annotations

import os
import site
import sys

_HOOK = "raddle_install.pth"

# Exits with 0 when the hook has switched the process in which this runs.
_PROBE = (
    "import sys; raddle = sys.modules.get('raddle'); sys.exit(0 if raddle is not None and raddle.installed() else 1)"
)


def problem(options: list[str]) -> str | None:
    """Return why a program started with these interpreter options would not be switched, if so."""
    if not sys.executable:
        return "the path of the running interpreter is not known"
    try:
        __import__("raddle._native")
    except ImportError as error:
        return f"raddle's native module does not load in {sys.executable}: {error}"
    letters = {letter for option in options for letter in option if option[:2] != "--"}
    chosen = sorted(letters & set("SIsE"))
    # What these options leave out of the start is best asked of an interpreter that has them.
    if not chosen and _hook_is_in_site_packages():
        return None
    flags = [f"-{letter}" for letter in chosen]
    if _hook_runs(flags):
        return None
    if chosen and _hook_runs([]):
        return f"with {' '.join(flags)} the interpreter does not run raddle's start-up hook"
    return (
        f"the start-up hook {_HOOK} is not installed in {sys.executable}; "
        "`pip install raddle` with this interpreter puts it there"
    )


def _hook_is_in_site_packages() -> bool:
    return any(os.path.isfile(os.path.join(path, _HOOK)) for path in site.getsitepackages())


def _hook_runs(flags: list[str]) -> bool:
    # Imported only here, because most runs do not need it.
    import subprocess

    probe = subprocess.run(
        [sys.executable, *flags, "-c", _PROBE],
        env={**os.environ, "RADDLE_INSTALL": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return probe.returncode == 0
