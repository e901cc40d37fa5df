"""The watcher tells of a module's first import, and leaves the import as it would have been."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from raddle._watcher import Watcher

NAME = "watched_module"


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[ModuleType]]:
    """The modules that a watcher for NAME has told of, with the folder of this test on the path."""
    told: list[ModuleType] = []
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", [Watcher((NAME,), told.append), *sys.meta_path])
    yield told
    sys.modules.pop(NAME, None)


def test_it_tells_after_the_module_has_run(seen: list[ModuleType], tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.py").write_text("value = 1\n")
    module = importlib.import_module(NAME)
    assert seen == [module]
    assert module.value == 1


def test_it_tells_once(seen: list[ModuleType], tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.py").write_text("")
    module = importlib.import_module(NAME)
    del sys.modules[NAME]
    assert importlib.import_module(NAME) is not module
    assert seen == [module]


def test_the_module_is_as_without_it(seen: list[ModuleType], tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.py").write_text("")
    watched = importlib.import_module(NAME)
    del sys.modules[NAME]
    plain = importlib.import_module(NAME)
    assert len(seen) == 1
    assert type(watched.__loader__) is type(plain.__loader__)
    assert watched.__spec__ is not None
    assert watched.__spec__.loader is watched.__loader__
    assert watched.__spec__ == plain.__spec__
    assert watched.__file__ == plain.__file__


def test_an_import_that_fails_is_tried_again(seen: list[ModuleType], tmp_path: Path) -> None:
    source = tmp_path / f"{NAME}.py"
    source.write_text("raise LookupError('the first time')\n")
    with pytest.raises(LookupError, match="the first time"):
        importlib.import_module(NAME)
    assert seen == []
    source.write_text("value = 'another length than before'\n")
    importlib.invalidate_caches()
    module = importlib.import_module(NAME)
    assert seen == [module]


def test_a_module_that_is_only_looked_for_is_still_awaited(seen: list[ModuleType], tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.py").write_text("value = 1\n")
    spec = importlib.util.find_spec(NAME)
    assert spec is not None
    assert spec.loader is not None
    # Those who look for a module ask its loader for more than to load it.
    assert spec.loader.get_source(NAME) == "value = 1\n"  # type: ignore[attr-defined]
    assert seen == []
    module = importlib.import_module(NAME)
    assert seen == [module]


def test_a_module_that_does_not_exist(seen: list[ModuleType]) -> None:
    with pytest.raises(ModuleNotFoundError) as caught:
        importlib.import_module(NAME)
    assert caught.value.name == NAME
    assert seen == []


def test_other_modules_are_none_of_its_business(seen: list[ModuleType], tmp_path: Path) -> None:
    (tmp_path / f"{NAME}_else.py").write_text("")
    importlib.import_module(f"{NAME}_else")
    assert sys.modules.pop(f"{NAME}_else")
    assert seen == []
