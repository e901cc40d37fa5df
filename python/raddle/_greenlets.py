"""gevent and eventlet, which put greenlets in the place of threads: in a process it is they or raddle.

A greenlet that waited for one of raddle's objects would stop its whole thread, and with it all the
greenlets that could end the wait.
"""

from __future__ import annotations

import sys

from raddle import _install

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

# As they call what they patch.
_GEVENT = ("thread", "threading", "queue")
_EVENTLET = "thread"


def refuse_if_patched() -> None:
    """Raise `RuntimeError` if one of them has patched the modules that raddle would switch."""
    # One that is not imported, or only just being imported, has patched nothing yet.
    gevent: Any = getattr(sys.modules.get("gevent.monkey"), "is_module_patched", None)
    eventlet: Any = getattr(sys.modules.get("eventlet.patcher"), "is_monkey_patched", None)
    if gevent is not None and any(map(gevent, _GEVENT)):
        _refuse("gevent has patched the standard library's threads")
    if eventlet is not None and eventlet(_EVENTLET):
        _refuse("eventlet has patched the standard library's threads")


def guard(module: ModuleType) -> None:
    """Make the patching of one of them, which has just been imported, fail while raddle has switched the process."""
    library: Any = module
    if module.__name__ == "gevent.events":
        library.subscribers.append(_before_gevent)
        return
    patch = library.monkey_patch

    def monkey_patch(**on: Any) -> None:
        """Patch, as eventlet does, unless that meets raddle."""
        chosen = {name: value for name, value in on.items() if name != "all"}
        everything = on.get("all")
        if everything is None:
            everything = not any(chosen.values())
        if chosen.get(_EVENTLET, everything):
            _refuse_in_switched("eventlet")
        patch(**on)

    library.monkey_patch = monkey_patch


def _before_gevent(event: Any) -> None:
    """Hear from gevent what it is about to do. What this raises ends the patching."""
    if type(event).__name__ == "GeventWillPatchModuleEvent" and event.module_name in _GEVENT:
        _refuse_in_switched("gevent")


def _refuse_in_switched(library: str) -> None:
    if _install.installed():
        _refuse(f"{library} is about to patch the standard library's threads, which raddle has switched")


def _refuse(what: str) -> None:
    message = (
        f"{what}. A process can have greenlets in the place of threads, or raddle's classes, not both: "
        "run this program without raddle"
    )
    raise RuntimeError(message)
