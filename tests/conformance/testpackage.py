"""Finds CPython's own ``test_concurrent_futures``, and fetches it for interpreters that were installed without it.

CPython 3.11.7 and 3.12.1 have these tests in their sources, but ``make install`` leaves their folder out. Where the
system has a package with the same minor version's tests (Debian: ``libpython3.11-testsuite``),
``python -m tests.conformance.testpackage`` puts what is missing into ``.build``, where the tests find it.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

NAME = "test_concurrent_futures"
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
FETCHED = Path(__file__).parents[2] / ".build" / "cpython-tests" / VERSION
PACKAGE = f"libpython{VERSION}-testsuite"


def main() -> int:
    """Fetches what is missing. Not to be able to is no error: the tests say then that they are left out."""
    if why_missing() is not None:
        problem = fetch()
        if problem is not None:
            print(f"{NAME} for Python {VERSION} cannot be fetched: {problem}", file=sys.stderr)
    print(why_missing() or f"{NAME} for Python {VERSION}: {found_in()}")
    return 0


def why_missing() -> str | None:
    """Why there is no ``test.test_concurrent_futures``, or None when it can be imported."""
    if found_in() is not None:
        return None
    return (
        f"{sys.base_prefix} was installed without test.{NAME}, and {FETCHED} does not have it: make conformance "
        f"fetches it where the system has the package {PACKAGE}; else use a later patch release"
    )


def is_fetched() -> bool:
    """Whether the tests come from the folder of what was fetched."""
    origin = found_in()
    return origin is not None and FETCHED in Path(origin).parents


def path_prelude() -> str:
    """What a child process, even an isolated one, runs to find the tests that this process has found."""
    return f"import test; test.__path__.append({str(FETCHED)!r})\n" if is_fetched() else ""


def found_in() -> str | None:
    """The file that ``test.test_concurrent_futures`` is imported from, where it can be."""
    if importlib.util.find_spec("test") is None:
        return None
    path = importlib.import_module("test").__path__
    # After the interpreter's own.
    if FETCHED.exists() and str(FETCHED) not in path:
        path.append(str(FETCHED))
    spec = importlib.util.find_spec(f"test.{NAME}")
    return spec.origin if spec is not None else None


def fetch() -> str | None:
    """Takes the tests out of the system's package of this minor version. Returns what is in the way, if anything."""
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            return f"this system has no {tool}"
    with tempfile.TemporaryDirectory() as folder:
        problem = run("apt-get", "download", PACKAGE, directory=folder)
        # A fresh machine has no list of packages, or an old one.
        if problem is not None and run("apt-get", "update", directory=folder) is None:
            problem = run("apt-get", "download", PACKAGE, directory=folder)
        if problem is None:
            archive = next(Path(folder).glob("*.deb"))
            problem = run("dpkg-deb", "--extract", str(archive), "content", directory=folder)
        if problem is not None:
            return problem
        found = [*Path(folder, "content").glob(f"usr/lib/python3*/test/{NAME}*")]
        if not found:
            return f"{archive.name} has no {NAME}"
        FETCHED.mkdir(parents=True, exist_ok=True)
        for path in found:
            shutil.move(path, FETCHED / path.name)
    importlib.invalidate_caches()
    return None


def run(*command: str, directory: str) -> str | None:
    """Runs a command and returns its last words when it fails."""
    result = subprocess.run(
        command, cwd=directory, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if result.returncode == 0:
        return None
    said = (result.stderr or result.stdout).strip().splitlines()
    return f"{' '.join(command[:2])}: {said[-1] if said else f'exit code {result.returncode}'}"


if __name__ == "__main__":
    sys.exit(main())
