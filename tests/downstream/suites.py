"""Fetches published packages with their tests, and runs these on the standard library and on raddle."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from tests.downstream.comparison import Comparison, Run, read_outcomes, tried_again, words_of_raddle

GUARD = Path(__file__).with_name("guard.py")
FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
BUILD = Path(__file__).parents[2] / ".build" / "downstream" / (sys.implementation.cache_tag + "t" * FREE_THREADED)
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]

# A suite that takes longer than this hangs. Half of it into a test, pytest says where the threads are.
TIME_BOX = 600

# Where a package may have its options for pytest, and what shows that it has.
CONFIGURATIONS = {
    "pytest.ini": "[pytest]",
    "pyproject.toml": "[tool.pytest",
    "tox.ini": "[pytest]",
    "setup.cfg": "[tool:pytest]",
}


@dataclass(frozen=True)
class Package:
    """What ``packages.toml`` says of a package."""

    name: str
    version: str
    tests: list[str]
    requirements: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where all that belongs to this package is put."""
        return BUILD / f"{self.name}-{self.version}"

    @property
    def source(self) -> Path:
        """The folder of the sources, once they are fetched."""
        return next((self.folder / "source").iterdir())


def known() -> dict[str, Package]:
    """The packages in ``packages.toml``."""
    tables = tomllib.loads(Path(__file__).with_name("packages.toml").read_text(encoding="utf-8"))
    return {name: Package(name, **table) for name, table in tables.items()}


def fetch(package: Package) -> None:
    """Fetches the sources with their tests, and installs what they need beside them."""
    if (package.folder / "ready").exists():
        return
    shutil.rmtree(package.folder, ignore_errors=True)
    wanted = f"{package.name}=={package.version}"
    sources = package.folder / "sdist"
    subprocess.run([*PIP, "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", sources, wanted], check=True)
    with tarfile.open(next(sources.glob("*.tar.gz"))) as archive:
        archive.extractall(package.folder / "source", filter="data")
    requirements = [wanted, "pytest>=9,<10", *package.requirements]
    subprocess.run([*PIP, "install", "-q", "--target", package.folder / "installed", *requirements], check=True)
    (package.folder / "ready").touch()


def compare(package: Package) -> Comparison:
    """Runs a package's tests on the standard library before and after they run on raddle."""
    return Comparison(
        stock=run(package, "stock", "stock"),
        raddle=run(package, "raddle", "raddle"),
        stock_again=run(package, "stock", "stock-again"),
    )


def run(package: Package, implementation: str, name: str) -> Run:
    """Runs a package's tests once, in a fresh interpreter. What it says is kept in a file of the run's name."""
    print(f"+ {package.name}: {name}", flush=True)
    results = package.folder / f"{name}.xml"
    results.unlink(missing_ok=True)
    command = [sys.executable, str(GUARD), implementation, *options_of(package), f"--junit-xml={results}"]
    output = package.folder / f"{name}.txt"
    ending = run_in_time(command, package, implementation, output)
    said = output.read_text(encoding="utf-8", errors="replace")
    found = Run(read_outcomes(results, tried_again(said)) if results.exists() else {})
    words = words_of_raddle(said)
    found.problems += [f"{word.strip()} (in {output})" for word in words]
    # 0 is all passed, 1 that some failed, as they may on stock.
    if ending not in (0, 1) or not results.exists():
        how = "did not end" if ending is None else f"ended with exit code {ending}"
        found.problems.append(f"the run {how} (see {output})")
    return found


def options_of(package: Package) -> list[str]:
    """The options for pytest."""
    text = {name: package.source / name for name in CONFIGURATIONS}
    # A package without options of its own must not get those of the checkout that it lies in.
    configuration = next(
        (
            name
            for name, path in text.items()
            if path.exists() and CONFIGURATIONS[name] in path.read_text(encoding="utf-8")
        ),
        os.devnull,
    )
    return [
        *("-c", configuration, "--rootdir=.", *package.tests),
        # Its own further options ask for coverage and other plugins that have no part in this.
        *("-o", "addopts=", "-p", "no:cacheprovider", "-p", "no:xdist", *package.options),
        # Also of a test that passes the output is shown: raddle may have said something. R: what was tried again.
        *("-rAR", "-o", f"faulthandler_timeout={TIME_BOX // 2}"),
        *left_out(package),
    ]


def left_out(package: Package) -> list[str]:
    """The options by which pytest leaves out what is to be: files, tests, and those whose names an expression fits."""
    expressions = [f"not ({what.removeprefix('-k ')})" for what in package.left_out if what.startswith("-k ")]
    paths = [what for what in package.left_out if not what.startswith("-k ")]
    options = [f"--{'deselect' if '::' in path else 'ignore'}={path}" for path in paths]
    return [*options, "-k", " and ".join(expressions)] if expressions else options


def run_in_time(command: list[str], package: Package, implementation: str, output: Path) -> int | None:
    """Runs a command in the sources, and returns its exit code, or None when it had to be killed."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("RADDLE_", "PYTEST_"))}
    environment["PYTHONPATH"] = str(package.folder / "installed")
    if implementation == "raddle":
        environment["RADDLE_INSTALL"] = "1"
    with output.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(
            command,
            cwd=package.source,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return process.wait(TIME_BOX)
        except subprocess.TimeoutExpired:
            return None
        finally:
            # With the processes that the tests started, of which some may be left in any case, as by Ctrl-C.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
