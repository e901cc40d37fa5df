"""Every public name looks like the standard library's of the running interpreter: signature, repr, what it can do.

The files beside this one test what each primitive does. This one goes through all names, so that a name that a new
version of the standard library brings is compared without anybody having to think of it.
"""

from __future__ import annotations

import copy
import importlib
import inspect
import pickle
import re
import typing
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from tests.conftest import MODULES, Implementation, outcome_of, parameters_of, without_addresses

PUBLIC = [(module, name) for module in MODULES for name in importlib.import_module(module).__all__]
CLASSES = [
    (module, name)
    for module, name in PUBLIC
    if isinstance(getattr(importlib.import_module(module), name), type)
    and not issubclass(getattr(importlib.import_module(module), name), BaseException)
]

# What objects are made with that cannot be made without arguments.
ARGUMENTS: dict[str, tuple[object, ...]] = {
    "Barrier": (2,),
    "Timer": (1, print),
    "ExceptHookArgs": ((None, None, None, None),),
}

# They start processes, or need an interpreter for each worker, and are the standard library's own in both.
NOT_MADE = {"ProcessPoolExecutor", "InterpreterPoolExecutor"}

MADE = [(module, name) for module, name in CLASSES if name not in NOT_MADE]


def each(names: list[tuple[str, str]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("module", "name"), names, ids=[".".join(name) for name in names])


@each(PUBLIC)
def test_signature(module: str, name: str, implementation: Implementation, stock: Implementation) -> None:
    ours, theirs = find(implementation, module, name), find(stock, module, name)
    assert parameters_of(ours) == parameters_of(theirs)


@each(PUBLIC)
def test_repr_and_names(module: str, name: str, implementation: Implementation, stock: Implementation) -> None:
    ours, theirs = find(implementation, module, name), find(stock, module, name)
    assert without_addresses(repr(ours)) == without_addresses(repr(theirs))
    for attribute in ("__name__", "__qualname__", "__module__"):
        assert getattr(ours, attribute, None) == getattr(theirs, attribute, None), attribute
    assert type(ours).__name__ == type(theirs).__name__
    assert bool(getattr(ours, "__doc__", None)) >= bool(getattr(theirs, "__doc__", None))


@each(PUBLIC)
def test_annotations(module: str, name: str, implementation: Implementation, stock: Implementation) -> None:
    """What a program finds that asks a class or a function for its types, and a subclass for those of its bases."""
    ours, theirs = find(implementation, module, name), find(stock, module, name)
    if isinstance(theirs, type) or inspect.isroutine(theirs):
        assert typing.get_type_hints(ours) == typing.get_type_hints(theirs)
        assert typing.get_type_hints(ours.__init__) == typing.get_type_hints(theirs.__init__)


@each(CLASSES)
def test_members(module: str, name: str, implementation: Implementation, stock: Implementation) -> None:
    ours, theirs = find(implementation, module, name), find(stock, module, name)
    public = {member for member in dir(theirs) if not member.startswith("_")}
    # What the standard library keeps in each object is there in the class here.
    assert {member for member in dir(ours) if not member.startswith("_")} >= public
    for member in sorted(public):
        if callable(getattr(theirs, member)):
            assert parameters_without_self(ours, member) == parameters_without_self(theirs, member), member
        else:
            assert not callable(getattr(ours, member)), member


@each(MADE)
def test_object(module: str, name: str, implementation: Implementation, stock: Implementation) -> None:
    """What can be done with an object, whatever it is: the same, with the same errors."""
    for what, function in ABILITIES.items():
        outcomes = [
            outcome_of(lambda one, f=function: f(make(one, module, name)), which) for which in (implementation, stock)
        ]
        assert outcomes[0] == outcomes[1], what


@pytest.mark.parametrize("module", [*MODULES, "concurrent.futures.thread"])
def test_what_a_module_tells_is_there(module: str) -> None:
    ours, theirs = importlib.import_module(f"raddle.{module}"), importlib.import_module(module)
    assert set(dir(ours)) >= set(dir(theirs))
    # Asking also brings in what is imported only when somebody asks for it.
    assert [name for name in dir(ours) if not hasattr(ours, name)] == []


def test_each_name_is_found() -> None:
    assert ("threading", "Lock") in PUBLIC
    assert ("queue", "SimpleQueue") in MADE
    assert ("concurrent.futures", "Future") in MADE
    # Those without a class of their own before 3.13 are compared as functions.
    assert {name for _, name in PUBLIC} >= {"RLock", "wait", "as_completed", "Semaphore", "PriorityQueue"}


def find(implementation: Implementation, module: str, name: str) -> Any:
    found = {"threading": implementation.threading, "queue": implementation.queue}.get(module, implementation.futures)
    return getattr(found, name)


def make(implementation: Implementation, module: str, name: str) -> Any:
    return find(implementation, module, name)(*ARGUMENTS.get(name, ()))


def parameters_without_self(owner: type, member: str) -> list[tuple[str, str, str]] | None:
    """A method's parameters without the first, which native methods take by position only."""
    parameters = parameters_of(getattr(owner, member))
    if parameters is not None and not isinstance(inspect.getattr_static(owner, member), (classmethod, staticmethod)):
        parameters = parameters[1:]
    return parameters


def attribute_of_ones_own(made: Any) -> bool:
    made.colour = "green"
    return "colour" in vars(made)


def is_refused(function: Callable[[Any], object], made: Any) -> bool:
    """Whether something cannot be copied. Which error says so depends on the part that is met first."""
    try:
        function(made)
    except (TypeError, pickle.PicklingError):
        return True
    return False


def subclass(made: Any) -> bool:
    return issubclass(type("Subclass", (type(made),), {}), type(made))


ABILITIES: dict[str, Callable[[Any], object]] = {
    # Threads without a name are numbered.
    "repr": lambda made: re.sub(r"Thread-[0-9]+", "Thread", repr(made)),
    "is true": bool,
    "has a length": len,
    "can be iterated": lambda made: iter(made) and None,
    "is equal to itself": lambda made: made == made,
    "is equal to another": lambda made: made == object(),
    "can be ordered": lambda made: made < made,
    "can be hashed": lambda made: hash(made) == hash(made),
    "can be referred to weakly": lambda made: weakref.ref(made)() is made,
    "takes attributes": attribute_of_ones_own,
    "can be subclassed": subclass,
    "can be pickled": lambda made: is_refused(pickle.dumps, made),
    "can be copied in depth": lambda made: is_refused(copy.deepcopy, made),
    "is a context manager": lambda made: (hasattr(made, "__enter__"), hasattr(made, "__exit__")),
    "can be parametrised": lambda made: repr(type(made)[int]),
    "is of a class with a name": lambda made: (type(made).__module__, type(made).__qualname__),
}
