"""Whether other processes may look at this one, from the start on and in its forked children.

This module is imported while the interpreter starts, so it imports nothing that costs.
"""

from __future__ import annotations

import os
import sys

from raddle import _native

INSPECT = "RADDLE_INSPECT"


class _State:
    """What this process is served by, and whether the environment has been read."""

    server: _native.Server | None = None
    begun = False


def serve() -> None:
    """Let other processes of this user look at this one and at its forked children."""
    _State.server = _native._serve()


def stop() -> None:
    """End what `serve` has begun in this process."""
    if _State.server is not None:
        _State.server.stop()
    _State.server = None


def path() -> str | None:
    """Return where the socket is, if there is one."""
    return None if _State.server is None else str(_State.server.path)


def begin() -> None:
    """Read the environment, once. A process that cannot be served says so, and goes on."""
    if _State.begun:
        return
    _State.begun = True
    if os.environ.get(INSPECT, "0") not in ("", "0"):
        try:
            serve()
        except OSError as error:
            print(f"raddle: this process cannot be inspected: {error}", file=sys.stderr)


def _serve_child() -> None:
    if _State.server is None:
        return
    # That is the parent's.
    _State.server = None
    try:
        serve()
    except OSError:
        # Nobody has asked for the child in particular, so nobody is told.
        return


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_serve_child)
