"""A module that shows another module, except for the names that it has itself; and the same for methods of a class."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType
    from typing import Any
else:
    ModuleType = type(sys)


class Facade(ModuleType):
    """A module whose missing names are those of the standard library's module, live.

    Reading and assigning such a name reaches the standard library's module, so that a program which
    sets `threading.excepthook` means the same thing through either of the two. Deleting it takes
    back what was assigned, which is how tools that patch a name for a while undo it.
    """

    _stock: ModuleType
    _assigned_over: dict[str, object]

    def __getattr__(self, name: str) -> Any:
        # What every module has for itself must not come from the other one.
        if name.startswith("__") and name not in ("__all__", "__author__", "__excepthook__"):
            message = f"module {self.__name__!r} has no attribute {name!r}"
            raise AttributeError(message)
        return getattr(self._stock, name)

    def __setattr__(self, name: str, value: object) -> None:
        if self._belongs_to_stock(name):
            self._assigned_over.setdefault(name, getattr(self._stock, name))
            setattr(self._stock, name, value)
        else:
            super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        if name in self._assigned_over:
            setattr(self._stock, name, self._assigned_over.pop(name))
        elif self._belongs_to_stock(name):
            delattr(self._stock, name)
        else:
            super().__delattr__(name)

    def __dir__(self) -> list[str]:
        return sorted({*vars(self), *dir(self._stock)})

    def _belongs_to_stock(self, name: str) -> bool:
        # A module of our own becomes an attribute of its package when it is imported.
        if f"{self.__name__}.{name}" in sys.modules:
            return False
        return not name.startswith("__") and name not in vars(self) and hasattr(self._stock, name)


def show_through(name: str) -> None:
    """Turn the module `name`, which has the other one as its global `_stock`, into a facade."""
    module = sys.modules[name]
    vars(module)["_assigned_over"] = {}
    module.__class__ = Facade


def pass_for(module: str, *ours: Any) -> None:
    """Let our classes and functions pass for those of the standard library's `module`, in reprs and to pickle.

    They lose their annotations: the standard library's have none, and who evaluates those of a subclass would look for
    names that exist for type checkers only. These read the stubs.
    """
    for one in ours:
        one.__module__ = module
        if isinstance(one, type):
            for value in (one, *vars(one).values()):
                _forget_annotations(value)
        else:
            _forget_annotations(one)


def _forget_annotations(one: Any) -> None:
    # A class without any shows those of the class that it inherits from.
    if isinstance(one, _FUNCTION) or (isinstance(one, type) and "__annotations__" in vars(one)):
        del one.__annotations__


_FUNCTION = type(pass_for)


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
