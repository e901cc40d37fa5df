"""Doing something to a module at the moment when it has been imported.

This module is imported while the interpreter starts, so it imports nothing that costs.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from importlib.abc import Loader as LoaderBase
    from importlib.machinery import ModuleSpec
    from types import ModuleType
else:
    LoaderBase = object


class Watcher:
    """A finder for `sys.meta_path` that calls `seen(module)` after the first import of each name.

    The module is found and loaded by those who would have done it anyway, and its `__spec__` and
    `__loader__` are theirs. A watcher stays in `sys.meta_path` when nothing is left to wait for: to
    take it out would make an import in another thread miss the finder behind it.
    """

    def __init__(self, names: Iterable[str], seen: Callable[[ModuleType], None]) -> None:
        self._awaited = set(names)
        self._seen = seen

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Find the module as the finders behind this one do, with a word in its loader's ear."""
        if name not in self._awaited:
            return None
        for finder in list(sys.meta_path):
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _Loader(spec.loader, self._loaded)
                return spec
        return None

    def _loaded(self, module: ModuleType) -> None:
        # Discarded afterwards: an import that fails is tried again.
        self._seen(module)
        self._awaited.discard(module.__name__)


class _Loader(LoaderBase):
    """The loader of another finder, which says when it has run the module's code."""

    def __init__(self, loader: LoaderBase, loaded: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._loaded = loaded

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._loaded(module)

    def __getattr__(self, name: str) -> object:
        return getattr(self._loader, name)
