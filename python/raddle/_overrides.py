"""Keeping a promise of the standard library's classes: methods that call each other by name."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def honour(subclass: type, ours: type, stock: type, calls: Mapping[str, str]) -> None:
    """Let a method that a subclass overrides be called by the methods which call it.

    `calls` says which method of the standard library's class `stock` calls which other one. In
    `ours` they are native and call nothing. So a subclass that overrides the other one, and not the
    caller, gets the standard library's caller.
    """
    for caller, called in calls.items():
        is_overridden = getattr(subclass, called) is not getattr(ours, called)
        if is_overridden and getattr(subclass, caller) is getattr(ours, caller):
            setattr(subclass, caller, vars(stock)[caller])
