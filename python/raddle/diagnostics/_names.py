"""What a lock is called: by the name it was given, or by the variable that it is found in.

Nothing is noted when a lock is made or acquired. When there is something to report, the threads that
it is about sleep, and their variables say what they call the lock.
"""

from __future__ import annotations

import weakref
from types import ModuleType
from typing import Any, cast

from raddle import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import FrameType

# In larger collections nobody looks for a lock.
_MANY = 100

_given: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()

_KINDS: tuple[type, ...] = tuple(value for value in vars(_native).values() if isinstance(value, type))


def name(subject: object, name: str) -> None:
    """Give a lock, or another of raddle's objects, a name for reports. It may be given anew.

    Errors: `TypeError` for an object that is not raddle's.
    """
    if not isinstance(subject, _KINDS):
        message = f"{type(subject).__name__!r} object is none of raddle's"
        raise TypeError(message)
    _given[subject] = name


class GivenNames:
    """The names that were given, by the places of what they were given to."""

    def __init__(self) -> None:
        self._places = [(id(subject), type(subject).__basicsize__, given) for subject, given in list(_given.items())]

    def of(self, address: int) -> str | None:
        """Return the name that was given to what is known by the address."""
        for place, size, given in self._places:
            if place <= address < place + size:
                return given
        return None


def name_of(address: int, frames: Iterable[FrameType]) -> str | None:
    """Return what the object at the address is called, in one of the frames or by a given name."""
    for subject, given in list(_given.items()):
        if is_at(subject, address):
            return given
    frames = list(frames)
    # A global name means the same thing to all threads, so it is the better one.
    for scope in ("f_globals", "f_locals"):
        for frame in frames:
            for words, subject in _variables(getattr(frame, scope)):
                if is_at(subject, address):
                    return words
    return None


def is_at(subject: object, address: int) -> bool:
    """Return whether what is known by the address is the object, or lies inside of it."""
    kind = type(subject)
    return isinstance(subject, _KINDS) and id(subject) <= address < id(subject) + kind.__basicsize__


def _variables(variables: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield the variables, then what they have inside, with the words for each."""
    entries = list(variables.items())
    yield from entries
    for variable, value in entries:
        for path, inner in _inside(value):
            yield f"{variable}{path}", inner


def _inside(value: Any) -> Iterator[tuple[str, object]]:
    """Yield what an object has, found in no way that could run code of its class."""
    sequence, mapping = cast("list[Any]", value), cast("dict[Any, Any]", value)
    if isinstance(value, (list, tuple)):
        for index, inner in enumerate(list(sequence[:_MANY])):
            yield f"[{index}]", inner
    elif isinstance(value, dict):
        if len(mapping) <= _MANY:
            for key, inner in list(mapping.items()):
                if isinstance(key, (str, int)):
                    yield f"[{key!r}]", inner
    elif not isinstance(value, (type, ModuleType)):
        for attribute, inner in list(attributes(value).items()):
            # The lock of a condition goes by the condition's name.
            is_its_lock = attribute == "_lock" and isinstance(value, _native.Condition)
            yield "" if is_its_lock else f".{attribute}", inner
            lock = attributes(inner).get("_lock") if isinstance(inner, _native.Condition) else None
            if lock is not None:
                yield f".{attribute}", lock


def attributes(value: object) -> dict[str, Any]:
    try:
        found: Any = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
