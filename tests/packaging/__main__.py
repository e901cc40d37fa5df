"""Installs raddle by pip into an environment of its own, and looks whether what is there works, and leaves nothing.

Usage: ``python -m tests.packaging [--keep FOLDER] ARGUMENT ...``, with what follows ``pip install``: a wheel, a source
distribution, or ``--editable`` and a checkout. The interpreter is the one that runs this. With ``--keep`` the
environment is made in that folder, and stays; else it is taken away again, after ``pip uninstall`` has found all files.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]

# A build from source takes minutes on a busy machine.
TIME_BOX = 1800

# What a program finds that is started by `raddle run`.
PROGRAM = """
import queue, threading
from concurrent.futures import Future, ThreadPoolExecutor
import raddle._native as native
assert type(threading.Lock()) is native.lock
assert issubclass(queue.Queue, native.Queue) and issubclass(Future, native.Future)
with ThreadPoolExecutor(2) as pool:
    print(sum(pool.map(len, ["warp", "weft"])))
"""


def main() -> int:
    """Installs, looks, and says what was found. An assertion fails where it is not as it should be."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["--keep"]:
        folder = Path(arguments[1]).resolve()
        check(install(folder, arguments[2:]))
        print(f"installed in {folder}")
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        python = install(Path(temporary) / "venv", arguments)
        check(python)
        check_uninstall(python)
    return 0


def install(folder: Path, arguments: list[str]) -> Path:
    """Makes an environment and installs into it. Returns its interpreter."""
    if not folder.exists():
        venv.EnvBuilder(with_pip=True, symlinks=os.name != "nt").create(folder)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    output([str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *arguments])
    return python


def check(python: Path) -> None:
    """What is installed is raddle, whole, and of the version that the checkout has."""
    expected = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]["package"]["version"]
    version = output([str(python), "-c", "import raddle; print(raddle.__version__)"]).strip()
    assert version == expected, (version, expected)
    for module in ("raddle.threading", "raddle.queue", "raddle.concurrent.futures.thread", "raddle.diagnostics"):
        output([str(python), "-c", f"import {module}"])

    # By the command, which pip has put beside the interpreter.
    command = python.with_name("raddle")
    report = json.loads(output([str(command), "doctor", "--json"]))
    assert report["run"] == {"ready": True, "problem": None}, report["run"]
    assert set(report["classes"].values()) == {"native", "stock, on native primitives"}, report["classes"]
    assert output([str(command), "run", "-c", PROGRAM]) == "8\n"
    # Installed, it switches nothing by itself.
    output([str(python), "-c", "import sys; assert not any(name.startswith('raddle') for name in sys.modules)"])
    interpreter = report["interpreter"]
    print(f"raddle {version} on {interpreter['version']}{' free-threaded' * interpreter['free_threaded_build']}: works")


def check_uninstall(python: Path) -> None:
    """Afterwards nothing of it is left, the start-up hook included."""
    output([str(python), "-m", "pip", "--disable-pip-version-check", "uninstall", "--quiet", "--yes", "raddle"])
    left = [path for path in python.parents[1].rglob("*raddle*") if "__pycache__" not in path.parts]
    assert not left, left


def output(command: list[str]) -> str:
    """What a command prints, started away from the checkout. Its failure is ours."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("RADDLE_", "PYTHON"))}
    result = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        cwd=tempfile.gettempdir(),
        env=environment,
        timeout=TIME_BOX,
        check=True,
    )
    return result.stdout


if __name__ == "__main__":
    sys.exit(main())
