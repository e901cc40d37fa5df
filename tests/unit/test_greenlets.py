"""gevent and eventlet exclude raddle: whoever comes second is refused.

Here stand modules in their place that patch as little as they can and tell of it in the same way.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TIME_BOX = 120.0

GEVENT = {
    "gevent/__init__.py": "",
    "gevent/events.py": """
subscribers = []

class GeventWillPatchModuleEvent:
    def __init__(self, module_name):
        self.module_name = module_name
""",
    "gevent/monkey.py": """
saved = {}

def is_module_patched(name):
    return name in saved

def patch(*names):
    from gevent import events

    for name in names:
        for subscriber in events.subscribers:
            subscriber(events.GeventWillPatchModuleEvent(name))
        saved[name] = {}

def patch_all():
    patch("os", "time", "thread", "threading", "queue")
""",
}
EVENTLET = {
    "eventlet/__init__.py": "from eventlet.patcher import monkey_patch",
    "eventlet/patcher.py": """
already_patched = set()

def is_monkey_patched(name):
    return name in already_patched

def monkey_patch(**on):
    everything = on.pop("all", None)
    if everything is None:
        everything = not any(on.values())
    already_patched.update(name for name in ("os", "thread", "time") if on.get(name, everything))
""",
}

PATCHING_ALL = {
    "gevent": "import gevent.monkey; gevent.monkey.patch_all()",
    "eventlet": "import eventlet; eventlet.monkey_patch()",
}
PATCHING_OTHERS = {
    "gevent": ["import gevent.monkey; gevent.monkey.patch('os', 'time')"],
    "eventlet": [
        "import eventlet; eventlet.monkey_patch(time=True)",
        "import eventlet; eventlet.monkey_patch(thread=False, os=True)",
        "import eventlet; eventlet.monkey_patch(all=False)",
    ],
}
OTHERS = [(library, statement) for library, statements in PATCHING_OTHERS.items() for statement in statements]
NATIVE = "import threading, raddle._native; assert issubclass(threading.Event, raddle._native.Event)"
STOCK = "import threading, raddle._native; assert not issubclass(threading.Event, raddle._native.Event)"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a folder with the modules."""
    for path, text in {**GEVENT, **EVENTLET}.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


@pytest.mark.parametrize("library", PATCHING_ALL)
def test_install_refuses_a_patched_process(library: str, place: Path) -> None:
    program = f"""
{PATCHING_ALL[library]}
import raddle
try:
    raddle.install()
except RuntimeError as error:
    assert str(error).startswith("{library} has patched the standard library's threads"), error
    assert str(error).endswith("run this program without raddle"), error
else:
    raise AssertionError("not refused")
assert not raddle.installed()
{STOCK}
"""
    check(program, place)


@pytest.mark.parametrize("library", PATCHING_ALL)
@pytest.mark.parametrize("variable", ["0", "1"], ids=["install()", "RADDLE_INSTALL"])
def test_patching_a_switched_process_fails(library: str, variable: str, place: Path) -> None:
    program = f"""
import raddle
raddle.install()
try:
    {PATCHING_ALL[library]}
except RuntimeError as error:
    assert str(error).startswith("{library} is about to patch"), error
else:
    raise AssertionError("not refused")
{NATIVE}
"""
    check(program, place, variable)


@pytest.mark.parametrize("module", ["gevent.monkey", "eventlet.patcher"])
def test_one_that_is_just_being_imported_has_patched_nothing(module: str, place: Path) -> None:
    path = place / f"{module.replace('.', '/')}.py"
    path.write_text("import raddle; raddle.install()\n" + path.read_text())
    check(f"import {module}\n{NATIVE}", place)


@pytest.mark.parametrize("library", PATCHING_ALL)
def test_patching_is_free_again_after_uninstall(library: str, place: Path) -> None:
    program = f"""
import raddle
raddle.install()
import gevent.events, eventlet.patcher
raddle.uninstall()
{PATCHING_ALL[library]}
try:
    raddle.install()
except RuntimeError:
    pass
else:
    raise AssertionError("not refused")
"""
    check(program, place)


@pytest.mark.parametrize(("library", "statement"), OTHERS)
def test_patching_anything_else_is_allowed(library: str, statement: str, place: Path) -> None:
    assert library in statement
    check(f"import raddle; raddle.install()\n{statement}\nraddle.install()\n{NATIVE}", place)
    check(f"{statement}\nimport raddle; raddle.install()\n{NATIVE}", place)


def check(program: str, place: Path, variable: str = "0") -> None:
    """Run the program with the modules in its path; it must end well and say nothing."""
    environment = {**os.environ, "PYTHONPATH": str(place), "RADDLE_INSTALL": variable}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=TIME_BOX, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
