"""Switching the standard library's modules to raddle's classes, in place, and back.

A name of `_thread`, `threading`, `queue` or `concurrent.futures` is switched only while it holds the standard library's
object, and switched back only while it holds ours: what another tool has put there stays. Objects
that were made before live on; the two kinds mix.

This module is imported while the interpreter starts, so it imports nothing that costs.
"""

from __future__ import annotations

import _thread
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, TypeAlias

    from raddle._watcher import Watcher

    _Pairs: TypeAlias = tuple[tuple[object, object], ...]

__all__ = ["early_binders", "install", "installed", "uninstall"]

_KNOWN_VERSIONS = ((3, 11), (3, 12), (3, 13), (3, 14))
_WATCHED = ("threading", "queue", "concurrent.futures", "concurrent.futures.thread")
# What is imported before gevent or eventlet patches the same modules, which excludes raddle.
_PATCHERS = ("gevent.events", "eventlet.patcher")
# Where the standard library's modules have what they show.
_ORIGINS = {
    "queue": "_queue",
    "concurrent.futures": "concurrent.futures._base",
    "concurrent.futures.thread": "concurrent.futures",
}
_SWITCHED = ("_thread", *_WATCHED, *_ORIGINS.values())

# Taken when raddle is imported, and so before it has switched anything. `allocate_lock` comes
# before `allocate`: where both became one object of ours, `uninstall()` gives back the first.
_STOCK = {
    name: getattr(_thread, name)
    for name in ("allocate_lock", "allocate", "LockType", "lock", "RLock")
    if hasattr(_thread, name)
}


def install() -> None:
    """Switch `threading`, `queue` and `concurrent.futures` to raddle's classes in this process.

    A module that has been imported is switched now, another one when it is imported. Calling this
    again changes nothing. Any thread may call it at any time.

    The standard library's classes stay in an interpreter that is not the main one, and, with a
    warning, on a version of Python that raddle does not know.

    Errors: `ImportError` when the native module does not load in the main interpreter;
    `RuntimeError` when gevent or eventlet has patched the modules. In a process that is switched
    their patching fails with the same error.
    """
    if not _version_is_known():
        _warn_of_unknown_version()
        return
    _refuse_greenlets()
    if not _native_loads():
        return
    # Imported here, because a process that is not switched needs none; and before the lock is taken.
    from raddle._watcher import Watcher

    with _state.lock:
        _state.installed = True
        # One for the life of the process. A program that imports a second copy of a module beside the first, as
        # CPython's tests do, gets the standard library's own classes in the copy.
        if _state.watcher is None:
            _state.watcher = Watcher((*_WATCHED, *_PATCHERS), _imported)
        if _state.watcher not in sys.meta_path:
            sys.meta_path.insert(0, _state.watcher)
    _switch(_thread)
    for name in _WATCHED:
        if name in sys.modules:
            # The statement waits for the end of an import that another thread has begun.
            __import__(name)
            _switch(sys.modules[name])


def uninstall() -> None:
    """Give the standard library's modules their own objects back, each under its own name.

    Objects that raddle's classes made live on. Calling this again changes nothing.
    """
    with _state.lock:
        _state.installed = False
        if _state.watcher in sys.meta_path:
            sys.meta_path.remove(_state.watcher)
        for (module, name), (stock, ours) in _state.changes.items():
            if vars(module).get(name) is ours:
                setattr(module, name, stock)
        _state.changes.clear()


def installed() -> bool:
    """Return whether `install()` has switched this process and `uninstall()` has not undone it."""
    return _state.installed


def stock_lock() -> Any:
    """Return a new lock of the standard library, whatever is switched."""
    return _STOCK["allocate_lock"]()


def early_binders() -> list[str]:
    """Return the dotted names under which other modules hold classes of the standard library.

    Such a module took `Queue` or `Event` by name, or subclassed it, before the switch. It goes on
    with the standard library's class, which does no harm and gains nothing. A program that calls
    `install()` before its other imports has none.
    """
    stock_of = {id(stock): stock for stock, _ in _all_pairs()}
    found: set[str] = set()
    for module_name, module in list(sys.modules.items()):
        if not isinstance(module, type(sys)) or _is_switched_by_us(module_name):
            continue
        # Not by `vars()`: that would load a module which is imported lazily.
        for name, value in list(object.__getattribute__(module, "__dict__").items()):
            if id(value) in stock_of:
                found.add(f"{module_name}.{name}")
    for stock in stock_of.values():
        for subclass in _subclasses(stock):
            if not _is_switched_by_us(subclass.__module__):
                found.add(f"{subclass.__module__}.{subclass.__qualname__}")
    return sorted(found)


class _State:
    """What has been switched. Whoever reads or writes more than one word holds the lock."""

    def __init__(self) -> None:
        self.lock = _STOCK["RLock"]()
        self.installed = False
        self.warned = False
        self.watcher: Watcher | None = None
        self.changes: dict[tuple[ModuleType | type, str], tuple[object, object]] = {}


_state = _State()

# Another thread of the parent may have held it, and there is no such thread in the child.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_state.lock._at_fork_reinit)


def _imported(module: ModuleType) -> None:
    """Do what has to be done when a module that is watched for has been imported."""
    if module.__name__ in _PATCHERS:
        from raddle import _greenlets

        _greenlets.guard(module)
    else:
        _switch(module)


def _refuse_greenlets() -> None:
    if "gevent.monkey" in sys.modules or "eventlet.patcher" in sys.modules:
        from raddle import _greenlets

        _greenlets.refuse_if_patched()


def _switch(module: ModuleType) -> None:
    """Put our objects in the place of the stock ones, and note what `uninstall()` has to put back.

    A module that was imported on top of a switched `_thread` holds ours already; that is noted too.
    """
    # Each of our modules asks when it has been imported. If another thread installs at this moment, it comes
    # to the same module after this one.
    if not installed():
        return
    # What another tool put there before raddle was imported is not the standard library's.
    pairs = tuple(pair for pair in _pairs(module.__name__) if pair[0].__module__ in _SWITCHED)
    ours_of = {id(stock): (stock, ours) for stock, ours in pairs}
    stock_of = {id(ours): (stock, ours) for stock, ours in reversed(pairs)}
    with _state.lock:
        if not _state.installed:
            return
        for place in _places(module):
            for name, value in list(vars(place).items()):
                pair = ours_of.get(id(value)) or stock_of.get(id(value))
                if pair is not None and (place, name) not in _state.changes:
                    _state.changes[place, name] = pair
                    setattr(place, name, pair[1])
        for kind, name, stock, ours in _methods(module.__name__):
            # What another tool has put there stays.
            if vars(kind).get(name) is stock:
                _state.changes[kind, name] = (stock, ours)
                setattr(kind, name, ours)


def _places(module: ModuleType) -> list[ModuleType]:
    """Return the module, and the one that has the same objects: pickle and their users find them there."""
    origin = sys.modules.get(_ORIGINS.get(module.__name__, ""))
    if origin is None:
        return [module]
    if module.__name__ == "concurrent.futures.thread":
        # There it appears when somebody asks for it, which is now.
        _ = origin.ThreadPoolExecutor
    return [module, origin]


def _pairs(module_name: str) -> _Pairs:
    """Return every (stock, ours) that may stand in the module."""
    classes: _Pairs = ()
    if module_name in _WATCHED:
        facade = f"raddle.{module_name}"
        __import__(facade)
        # Not there yet when it is our own module that imports the standard one: it switches that
        # when it is complete.
        classes = getattr(sys.modules[facade], "_switched", ())
    return (*_primitive_pairs(), *classes)


def _methods(module_name: str) -> tuple[tuple[type, str, object, object], ...]:
    """Return every (class, name, stock method, our method) of a class that stays the module's."""
    facade = sys.modules.get(f"raddle.{module_name}")
    return getattr(facade, "_patched", ())


def _primitive_pairs() -> _Pairs:
    from raddle import _native

    ours = {
        "allocate_lock": _native.allocate_lock,
        "allocate": _native.allocate_lock,
        "LockType": _native.lock,
        "lock": _native.lock,
        "RLock": _native.RLock,
    }
    return tuple((stock, ours[name]) for name, stock in _STOCK.items())


def _all_pairs() -> _Pairs:
    loaded = [name for name in _WATCHED if name in sys.modules]
    return tuple(pair for name in ("_thread", *loaded) for pair in _pairs(name))


def _subclasses(stock: object) -> list[type]:
    return type.__subclasses__(stock) if isinstance(stock, type) else []


def _is_switched_by_us(module_name: str) -> bool:
    return module_name in _SWITCHED or module_name.partition(".")[0] == "raddle"


def _version_is_known() -> bool:
    return sys.implementation.name == "cpython" and sys.version_info[:2] in _KNOWN_VERSIONS


def _warn_of_unknown_version() -> None:
    if _state.warned:
        return
    _state.warned = True
    import warnings

    warnings.warn(
        f"raddle does not know {sys.implementation.name} "
        f"{sys.version_info[0]}.{sys.version_info[1]}: the standard library's classes stay",
        RuntimeWarning,
        stacklevel=3,
    )


def _native_loads() -> bool:
    """Load the native module before anything is touched. Return False where it does not belong."""
    try:
        __import__("raddle._native")
    except ImportError:
        if _is_main_interpreter():
            raise
        return False
    return True


def _is_main_interpreter() -> bool:
    if sys.version_info >= (3, 13):
        # By name, because the type checkers do not know it.
        return bool(getattr(_thread, "_is_main_interpreter")())  # noqa: B009
    interpreters = __import__("_xxsubinterpreters")
    return bool(interpreters.get_current() == interpreters.get_main())
