"""What is done about deadlocks, from the start of the process: settings, and the way to the words.

This module is imported with `raddle.threading`, so it imports nothing that costs. What composes a
report is in `raddle.diagnostics`, which is imported when there is something to report.
"""

from __future__ import annotations

import _thread
import os

from raddle import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DEADLOCKS = "RADDLE_DEADLOCKS"
GRACE = "RADDLE_DEADLOCKS_GRACE"

CHOICES = ("raise", "report", "off")


class Settings:
    """What `raddle.diagnostics.configure` changes."""

    deadlocks = "raise"
    grace = 0.5


settings = Settings()


def watch(deadlocks: str, grace: float) -> None:
    """Let the native side look for deadlocks so from now on."""
    _native._watch(deadlocks, grace)
    settings.deadlocks, settings.grace = deadlocks, grace


def begin() -> None:
    """Read the environment, and let the native side look. A value that is no choice counts as none."""
    # The stock one: it starts a thread and nothing else.
    _native._lend("start_new_thread", _thread.start_new_thread)
    _native._lend("tell", _tell)
    _native._lend("deadlocked", _deadlocked)
    deadlocks = os.environ.get(DEADLOCKS, settings.deadlocks)
    try:
        grace = max(0.0, float(os.environ.get(GRACE, settings.grace)))
    except ValueError:
        grace = settings.grace
    watch(deadlocks if deadlocks in CHOICES else settings.deadlocks, grace)


def _tell(text: str) -> None:
    """Report a deadlock. Runs in a thread of its own."""
    from raddle.diagnostics import _report

    _report.tell(text)


def settle(text: str) -> None:
    """Raise `DeadlockError`; or return, if a signal may end the deadlock, to wait on in patience."""
    from raddle.diagnostics import _report

    _report.settle(text)


def _deadlocked(waited_for: Any, text: str) -> object:
    """Go on for a method that has found out that its wait for a lock cannot end."""
    settle(text)
    # Of a condition, it is its lock that is waited for.
    patiently = getattr(waited_for, "_patiently", None) or waited_for._lock._patiently
    return patiently()
