"""Python's threads on a Rust engine.

`raddle.threading` and `raddle.queue` are the standard library's modules with raddle's classes in
them. `install()` switches the standard library's own modules, in place, for the whole process;
the command `raddle run` does so for an unmodified program. Merely importing this package changes
nothing.
"""

from raddle._install import early_binders, install, installed, uninstall

__version__: str

__all__ = ["early_binders", "install", "installed", "uninstall"]


def __getattr__(name: str) -> object:
    # The metadata is read only by those who ask: it costs more than all the rest of this package.
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("raddle")
        except PackageNotFoundError:
            return "of unknown version (not installed)"
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
