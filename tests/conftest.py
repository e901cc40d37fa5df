"""What every part of the Python test suite shares: the implementations under test and child processes.

Each test that takes the ``implementation`` fixture runs twice, on the standard library's classes and on
raddle's. The standard library is the oracle: a test that fails on it is a wrong test.
"""

from __future__ import annotations

import importlib
import inspect
import os
import re
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import IO, Any

import pytest
from tests.interruptible import let_children_be_interrupted

IMPLEMENTATIONS = ("stock", "raddle")

# The modules under test, in the order of an implementation's fields.
MODULES = ("threading", "queue", "concurrent.futures")

# A child that has not ended after this many seconds hangs. Generous, because the machine may be busy.
CHILD_TIME_BOX = 120.0

# The same for threads of this process that are about to block.
BLOCK_TIME_BOX = 30.0

FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options of this suite."""
    parser.addoption(
        "--implementation",
        choices=(*IMPLEMENTATIONS, "both"),
        default="both",
        help="which implementation the parametrised tests run on",
    )


def pytest_configure() -> None:
    """Sees to it that children can be interrupted."""
    let_children_be_interrupted()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs every test that asks for ``implementation`` or ``child`` on each chosen one."""
    chosen = metafunc.config.getoption("--implementation")
    names = IMPLEMENTATIONS if chosen == "both" else (chosen,)
    for fixture in ("implementation", "child"):
        if fixture in metafunc.fixturenames:
            metafunc.parametrize(fixture, names, indirect=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints the figures that tests reported, in whichever process they ran."""
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    ends = [report for report in reports if isinstance(report, pytest.TestReport) and report.when == "call"]
    figures = [value for report in ends for name, value in report.user_properties if name == FIGURE]
    if figures:
        terminalreporter.section("figures")
        for line in sorted(map(str, figures)):
            terminalreporter.write_line(line)


@dataclass(frozen=True)
class Implementation:
    """One of the two implementations of the standard library's threading modules."""

    name: str
    threading: ModuleType
    queue: ModuleType
    futures: ModuleType

    @property
    def is_ours(self) -> bool:
        """Whether this is raddle."""
        return self.name == "raddle"


@dataclass(frozen=True)
class ChildResult:
    """How a child process ended. ``returncode`` is None when it had to be killed."""

    returncode: int | None
    stdout: str
    stderr: str

    def describe(self) -> str:
        """All that is known about the child, for the message of a failed assertion."""
        ending = "killed: it hung" if self.returncode is None else f"exit code {self.returncode}"
        return f"{ending}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"


# The property of a test's report that holds a figure.
FIGURE = "figure"

# What the interpreter adds to a class's attributes: the first two when the class statement ends, the others when
# somebody asks for the class's annotations (3.14).
WRITTEN_BY_THE_INTERPRETER = {"__firstlineno__", "__static_attributes__", "__annotate_func__", "__annotations_cache__"}


@pytest.fixture
def implementation(request: pytest.FixtureRequest) -> Implementation:
    """The implementation under test; raddle's classes are checked to be native ones."""
    if request.param == "stock":
        return stock_implementation()
    ours = Implementation("raddle", *(importlib.import_module(f"raddle.{name}") for name in MODULES))
    assert_native(ours)
    return ours


@pytest.fixture
def stock() -> Implementation:
    """The standard library, to compare with."""
    return stock_implementation()


@pytest.fixture
def report_figure(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """A function that adds one line to the figures at the end of the run."""
    return lambda line: request.node.user_properties.append((FIGURE, line))


@pytest.fixture
def same_as_stock(implementation: Implementation, stock: Implementation) -> Callable[..., None]:
    """A function that does something on both implementations and asserts that the ends are the same.

    What it does gets an implementation as its argument. Compared are the type of an exception and its
    message, or the type of the result and its repr, addresses aside. The messages of a TypeError, an
    OverflowError and an AttributeError are not compared: they are the interpreter's own words and
    change from release to release.
    """

    def check(function: Callable[[Implementation], Any]) -> None:
        assert outcome_of(function, implementation) == outcome_of(function, stock)

    return check


@pytest.fixture
def same_surface(implementation: Implementation, stock: Implementation) -> Callable[..., None]:
    """A function that compares the attributes and signatures of two objects made by ``make``."""

    def check(make: Callable[[Implementation], Any]) -> None:
        ours, theirs = make(implementation), make(stock)
        public = {name for name in dir(theirs) if not name.startswith("_")}
        assert {name for name in dir(ours) if not name.startswith("_")} == public
        assert set(dir(type(theirs))) - set(dir(ours)) <= WRITTEN_BY_THE_INTERPRETER
        for attribute in ("__name__", "__qualname__", "__module__"):
            assert getattr(type(ours), attribute) == getattr(type(theirs), attribute)
        assert type(ours).__doc__ or not type(theirs).__doc__
        for name in sorted(public):
            expected = parameters_of(getattr(theirs, name))
            if expected is not None:
                assert parameters_of(getattr(ours, name)) == expected, name

    return check


@pytest.fixture
def wait_until_blocked() -> Callable[..., None]:
    """A function that waits until threads are blocked in waits of an implementation's objects."""
    return wait_until_threads_block


@pytest.fixture(scope="session", name="run_python")
def run_python_fixture() -> Callable[..., ChildResult]:
    """The function that runs a command in a child process within a time box."""
    return run_python


@pytest.fixture
def child(request: pytest.FixtureRequest) -> ChildRunner:
    """Runs the programs beside the test, in ``programs/``, in child processes on the implementation under test.

    The programs use the standard library's names only. On raddle the whole child is switched.
    """
    return ChildRunner(request.path.parent / "programs", request.param)


@dataclass(frozen=True)
class ChildRunner:
    """Runs programs of one folder in child processes on one implementation."""

    folder: Path
    implementation: str

    @property
    def is_ours(self) -> bool:
        """Whether the children run on raddle."""
        return self.implementation == "raddle"

    def __call__(self, program: str, *arguments: object, time_box: float = CHILD_TIME_BOX) -> ChildResult:
        """Runs ``program`` and returns how it ended."""
        environment = {"RADDLE_TEST_IMPLEMENTATION": self.implementation}
        if self.is_ours:
            environment["RADDLE_INSTALL"] = "1"
        command = [sys.executable, str(self.folder / program), *map(str, arguments)]
        return run_python(command, environment=environment, time_box=time_box)


def outcome_of(function: Callable[[Implementation], Any], implementation: Implementation) -> tuple[str, str, str]:
    """How a function ends on an implementation, in words that can be compared."""
    try:
        result = function(implementation)
    except Exception as error:
        name = f"{type(error).__module__}.{type(error).__qualname__}"
        if isinstance(error, (TypeError, OverflowError, AttributeError)):
            return "raised", name, ""
        return "raised", name, without_addresses(str(error))
    return "returned", type(result).__qualname__, without_addresses(repr(result))


def without_addresses(text: str) -> str:
    """A text without what differs from object to object."""
    return re.sub(r"0x[0-9a-f]+", "0x", text)


def parameters_of(function: Callable[..., Any]) -> list[tuple[str, str, str]] | None:
    """A function's parameters, or None when it tells no signature or is no function."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    return [(name, one.kind.name, repr(one.default)) for name, one in signature.parameters.items()]


def wait_until_threads_block(
    threads: Sequence[Any], implementation: Implementation, *, registered: bool = True
) -> None:
    """Returns when all threads are blocked; fails after a time box.

    On raddle the registry must say so as well, unless ``registered`` is false: the standard
    library's code waits in its own locks as long as the process is not switched.
    """
    registered = registered and implementation.is_ours
    deadline = time.monotonic() + BLOCK_TIME_BOX
    while not are_blocked([thread.native_id for thread in threads], registered):
        assert time.monotonic() < deadline, "the threads did not block"
        time.sleep(0.001)


def are_blocked(native_ids: Sequence[int | None], registered: bool) -> bool:
    """Whether threads sleep in waits: the kernel has them asleep, and left them so between two looks."""
    if registered:
        native: Any = importlib.import_module("raddle._native")
        blocked = {thread["native_id"] for thread in native.threads() if thread["state"] == "blocked"}
        if not blocked.issuperset(native_ids):
            return False
    first = [kernel_state(native_id) for native_id in native_ids]
    if not all(state is not None and state[0] == "S" for state in first):
        return False
    # The interpreter's lock is free meanwhile, so that a thread which only waits for that lock moves.
    time.sleep(0.005)
    return [kernel_state(native_id) for native_id in native_ids] == first


def kernel_state(native_id: int | None) -> tuple[str, str] | None:
    """A thread's state letter and how often it has gone to sleep so far; None for one that does not run."""
    try:
        status = Path(f"/proc/self/task/{native_id}/status").read_text(encoding="ascii")
    except FileNotFoundError:
        return None
    fields = dict(line.split(":", 1) for line in status.splitlines())
    return fields["State"].split()[0], fields["voluntary_ctxt_switches"].strip()


def run_python(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    time_box: float = CHILD_TIME_BOX,
    directory: Path | None = None,
    give_up: Callable[[str], bool] | None = None,
) -> ChildResult:
    """Runs a command with a clean environment, and kills its whole process group when it hangs.

    It is also killed as soon as ``give_up``, called with what it has written so far, says so.
    """
    with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            env=clean_environment() | dict(environment or {}),
            cwd=directory,
            start_new_session=True,
        )
        deadline = time.monotonic() + time_box
        returncode = None
        while returncode is None and time.monotonic() < deadline:
            if give_up is not None and give_up(written_to(stdout)):
                break
            try:
                returncode = process.wait(time_box if give_up is None else 0.1)
            except subprocess.TimeoutExpired:
                continue
        if returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return ChildResult(returncode, written_to(stdout), written_to(stderr))


def written_to(file: IO[str]) -> str:
    """What a file holds so far, without moving the position that a child shares."""
    size = os.fstat(file.fileno()).st_size
    return os.pread(file.fileno(), size, 0).decode(errors="replace")


def clean_environment() -> dict[str, str]:
    """This process' environment without what would change how a child behaves."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("RADDLE_") and name not in ("PYTHONPATH", "PYTHONWARNINGS", "PYTHONDEVMODE")
    }


def assert_native(implementation: Implementation) -> None:
    """Fails unless the classes of an implementation are the ones written in Rust."""
    native: Any = importlib.import_module("raddle._native")
    assert native.__file__ is not None
    assert native.__file__.endswith((".so", ".pyd")), native.__file__
    threading, queue, futures = implementation.threading, implementation.queue, implementation.futures
    assert type(threading.Lock()) is native.lock
    assert isinstance(threading.RLock(), native.RLock)
    for name in ("Condition", "Event", "Semaphore", "BoundedSemaphore", "Barrier"):
        assert issubclass(getattr(threading, name), getattr(native, name)), name
    assert issubclass(queue.Queue, native.Queue)
    assert queue.SimpleQueue is native.SimpleQueue
    assert issubclass(futures.Future, native.Future)
    assert issubclass(futures.ThreadPoolExecutor, native.ThreadPoolExecutor)


def stock_implementation() -> Implementation:
    """The standard library's modules, which this process must not have switched to raddle."""
    stock = Implementation("stock", *(importlib.import_module(name) for name in MODULES))
    raddle = sys.modules.get("raddle._native")
    if raddle is not None:
        assert not issubclass(stock.threading.Event, raddle.Event), "threading is patched"
        assert not issubclass(stock.queue.Queue, raddle.Queue), "queue is patched"
        assert not issubclass(stock.futures.Future, raddle.Future), "concurrent.futures is patched"
    return stock


@pytest.fixture(autouse=True)
def no_thread_is_left_behind() -> Iterator[None]:
    """Fails a test that leaves a thread running, because it would disturb the tests after it."""
    threading = importlib.import_module("threading")
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before]
    for thread in left:
        thread.join(30.0)
    still_alive = [thread for thread in left if thread.is_alive()]
    assert not still_alive, f"threads left behind: {still_alive}"
