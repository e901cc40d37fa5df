"""Python's threads on a Rust engine.

`raddle.threading` and `raddle.queue` are the standard library's modules with raddle's classes in
them. `install()` switches the standard library's own modules, in place, for the whole process;
the command `raddle run` does so for an unmodified program. Merely importing this package changes
nothing.
"""

from raddle._install import early_binders, install, installed, uninstall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from raddle._native import RWLock as RWLock

__version__: str

__all__ = ["RWLock", "early_binders", "install", "installed", "uninstall"]


def __getattr__(name: str) -> object:
    # The metadata is read only by those who ask: it costs more than all the rest of this package.
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("raddle")
        except PackageNotFoundError:
            return "of unknown version (not installed)"
    if name == "RWLock":
        # The native module refuses to be loaded in a subinterpreter, and this package is imported in each. Whoever uses
        # the lock has threads: the module for those prepares what is said of deadlocks.
        from importlib import import_module

        import_module("raddle.threading")
        from raddle._native import RWLock

        return RWLock
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
