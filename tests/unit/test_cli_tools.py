"""Tools that run a program themselves, under `raddle run`: the program is switched, and the tool works as ever."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
from tests.conftest import CHILD_TIME_BOX, ChildResult, clean_environment

RADDLE = [sys.executable, "-m", "raddle"]

# Run by each worker of pytest-xdist.
GUARD = """
import os
import threading
from concurrent.futures import Future
from queue import Queue

import raddle
from raddle import _native

def test_the_worker_runs_on_raddle(worker_id):
    assert worker_id in ("gw0", "gw1")
    assert raddle.installed()
    assert type(threading.Lock()) is _native.lock
    for ours, name in ((threading.Event, "Event"), (Queue, "Queue"), (Future, "Future")):
        assert issubclass(ours, getattr(_native, name))
"""

# What is debugged: a breakpoint in a thread, and in a worker of a pool.
DEBUGGED = """
import queue
import threading
from concurrent.futures import ThreadPoolExecutor

from raddle import _native

results = queue.Queue()

def work(number):
    doubled = 2 * number
    results.put(doubled)

thread = threading.Thread(target=work, args=(21,), name="a thread")
thread.start()
thread.join()
with ThreadPoolExecutor(1, thread_name_prefix="a pool") as pool:
    pool.submit(work, 4).result()
print(isinstance(results, _native.Queue), results.get(), results.get())
"""


@pytest.mark.skipif(importlib.util.find_spec("xdist") is None, reason="pytest-xdist is not installed")
@pytest.mark.parametrize("switched", [True, False])
def test_workers_of_xdist_are_switched(switched: bool, tmp_path: Path, run_python: Callable[..., ChildResult]) -> None:
    (tmp_path / "test_guard.py").write_text(GUARD)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [*RADDLE, "run"] if switched else [sys.executable]
    # Each worker runs the whole of it.
    arguments = ["-m", "pytest", "-q", "-n", "2", "--dist", "each", "-p", "no:cacheprovider"]
    ended = run_python([*command, *arguments], directory=tmp_path)
    assert ended.returncode == (0 if switched else 1), ended.describe()
    assert ("2 passed" if switched else "2 failed") in ended.stdout, ended.describe()


@pytest.mark.skipif(importlib.util.find_spec("debugpy") is None, reason="debugpy is not installed")
@pytest.mark.skipif(os.name != "posix", reason="the group of the debugger's processes is killed by POSIX's means")
def test_a_breakpoint_in_a_thread(tmp_path: Path) -> None:
    program = tmp_path / "debugged.py"
    program.write_text(DEBUGGED)
    line = DEBUGGED.splitlines().index("    results.put(doubled)") + 1
    port = free_port()
    arguments = ["debugpy", "--listen", f"127.0.0.1:{port}", "--wait-for-client", str(program)]
    with started([*RADDLE, "run", "-m", *arguments]) as process, Debugger(port) as debugger:
        debugger.send("initialize", adapterID="test", pathFormat="path")
        attached = debugger.send("attach", justMyCode=True, subProcess=False)
        debugger.event("initialized")
        breakpoints = [{"line": line}]
        debugger.ask("setBreakpoints", source={"path": str(program)}, breakpoints=breakpoints)
        debugger.ask("configurationDone")
        debugger.response(attached)
        seen = []
        for _ in range(2):
            stopped = debugger.event("stopped")
            thread = stopped["threadId"]
            names = {one["id"]: one["name"] for one in debugger.ask("threads")["threads"]}
            frame = debugger.ask("stackTrace", threadId=thread)["stackFrames"][0]
            value = debugger.ask("evaluate", expression="doubled", frameId=frame["id"])["result"]
            seen.append((stopped["reason"], names[thread], frame["name"], frame["line"], value))
            debugger.ask("continue", threadId=thread)
        debugger.event("terminated")
        debugger.send("disconnect")
        output, _ = process.communicate(timeout=CHILD_TIME_BOX)
    assert seen == [
        ("breakpoint", "a thread", "work", line, "42"),
        ("breakpoint", "a pool_0", "work", line, "8"),
    ]
    assert (process.returncode, output.splitlines()[-1]) == (0, "True 42 8"), output


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@contextmanager
def started(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """Start a command in a process group, which is killed at the end."""
    # Without a warning that the debugger knows no breakpoints in the interpreter's own modules.
    environment = clean_environment() | {"PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


class Debugger:
    """What an editor does: requests, responses and events of the Debug Adapter Protocol, one after the other."""

    def __init__(self, port: int) -> None:
        self._socket = connect(port)
        self._file = self._socket.makefile("rwb")
        self._sent = 0
        self._unseen: list[dict[str, Any]] = []

    def __enter__(self) -> Debugger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # What is still unsent has no reader when the process is gone.
        with suppress(OSError):
            self._file.close()
        self._socket.close()

    def send(self, command: str, **arguments: object) -> int:
        """Send a request, and return its number."""
        self._sent += 1
        message = {"seq": self._sent, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(message).encode()
        self._file.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._file.flush()
        return self._sent

    def ask(self, command: str, **arguments: object) -> Any:
        """Send a request, and return what is responded."""
        return self.response(self.send(command, **arguments))

    def response(self, number: int) -> Any:
        found = self._first(lambda message: message.get("request_seq") == number)
        assert found["success"], found
        return found.get("body")

    def event(self, name: str) -> Any:
        return self._first(lambda message: message.get("event") == name).get("body")

    def _first(self, is_meant: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        for index, message in enumerate(self._unseen):
            if is_meant(message):
                return self._unseen.pop(index)
        while not is_meant(message := self._receive()):
            self._unseen.append(message)
        return message

    def _receive(self) -> dict[str, Any]:
        size = 0
        while line := self._file.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                size = int(value)
        assert size, f"the debugger has gone, after {self._unseen}"
        message: dict[str, Any] = json.loads(self._file.read(size))
        return message


def connect(port: int) -> socket.socket:
    """Connect as soon as somebody listens."""
    deadline = time.monotonic() + CHILD_TIME_BOX
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=CHILD_TIME_BOX)
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "nobody listens"
            time.sleep(0.01)
