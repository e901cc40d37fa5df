"""Ctrl-C for what starts tests, in a background job too."""

from __future__ import annotations

import signal


def let_children_be_interrupted() -> None:
    """Sees to it that this process and those it starts heed SIGINT, which some of the tests send to themselves.

    A background job ignores it, and its children would inherit that; a handler is reset by exec.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
