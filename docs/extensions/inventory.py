"""The names of the standard library that our pages may refer to, as an inventory for intersphinx.

Python's own inventory would have to be fetched each time the site is made. The names are known to the interpreter that
makes the site, and where they stand in Python's documentation follows from them.
"""

from __future__ import annotations

import builtins
import importlib
import inspect
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sphinx.util.inventory import InventoryFile

# The page of each module.
MODULES = {
    "threading": "library/threading.html",
    "queue": "library/queue.html",
    "concurrent.futures": "library/concurrent.futures.html",
    "types": "library/types.html",
    "typing": "library/typing.html",
    "collections.abc": "library/collections.abc.html",
}


def write(folder: Path) -> Path:
    """Write the inventory into a folder, and return where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "python.inv"
    environment: Any = SimpleNamespace(
        config=SimpleNamespace(project="Python", version="3"),
        domains=SimpleNamespace(sorted=lambda: [Domain(sorted(entries()))]),
    )
    builder: Any = SimpleNamespace(get_target_uri=lambda docname, _type=None: docname)
    InventoryFile.dump(str(path), environment, builder)
    return path


class Domain:
    """As much of a domain of Sphinx's as is asked for when an inventory is written."""

    name = "py"

    def __init__(self, entries: list[tuple[str, str, str]]) -> None:
        self._entries = entries

    def get_objects(self) -> list[tuple[str, str, str, str, str, int]]:
        return [(name, name, kind, page, name, 1) for name, kind, page in self._entries]


def entries() -> list[tuple[str, str, str]]:
    """Return name, kind and page of all that may be referred to."""
    found = []
    for module, page in MODULES.items():
        found.append((module, "module", page))
        for name in importlib.import_module(module).__all__:
            found += entries_of(f"{module}.{name}", getattr(importlib.import_module(module), name), page)
    for name, value in vars(builtins).items():
        if isinstance(value, type) and issubclass(value, BaseException):
            found.append((name, "exception", "library/exceptions.html"))
        elif isinstance(value, type):
            found.append((name, "class", "library/stdtypes.html" if name in DATA_TYPES else "library/functions.html"))
    return found


# The types that Python's documentation describes apart from the functions of the same name.
DATA_TYPES = ("str", "list", "tuple", "dict", "set", "bytes")


def entries_of(name: str, value: object, page: str) -> list[tuple[str, str, str]]:
    """Return a name of a module with its kind and page, and if it is a class its public methods."""
    if isinstance(value, type) and issubclass(value, BaseException):
        return [(name, "exception", page)]
    # Locks are classes in Python's documentation, and functions in some of its versions.
    if isinstance(value, type) or name in ("threading.Lock", "threading.RLock"):
        methods = [one for one, _ in inspect.getmembers(value, callable) if not one.startswith("_")]
        return [(name, "class", page), *((f"{name}.{one}", "method", page) for one in methods)]
    return [(name, "function" if callable(value) else "data", page)]
