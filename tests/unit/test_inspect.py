"""A running program seen from outside: `raddle ps`, `raddle locks`, `raddle dump`, and what they need of it."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from raddle import __version__, diagnostics
from raddle._cli import ask, look, tables

# What takes longer hangs. Generous, because the machine may be busy.
TIME_BOX = 120.0

pytestmark = pytest.mark.skipif(os.name != "posix", reason="there are sockets in the file system on Unix only")

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells about threads in /proc")


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for the sockets of this process and those that it starts. Its name is short, as a socket's must be."""
    path = Path(tempfile.mkdtemp(prefix="raddle-test-"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(path))
    monkeypatch.setenv("TMPDIR", str(path / "temporary"))
    yield path
    shutil.rmtree(path)


class Program:
    """A program that runs until its input ends, or it is killed."""

    def __init__(self, source: str, *options: str, run: bool = True, **environment: str) -> None:
        launcher = ["-m", "raddle", "run", *options] if run else []
        self.process = subprocess.Popen(
            [sys.executable, *launcher, "-c", textwrap.dedent(source)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={name: value for name, value in os.environ.items() if not name.startswith("RADDLE_")} | environment,
        )
        self.pid = self.process.pid

    def line(self) -> str:
        """Returns the next line that the program prints."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate(timeout=TIME_BOX)[1]
        return line.rstrip("\n")

    def end(self) -> tuple[int, str]:
        """Ends its input; returns its exit code and what it has complained of."""
        complaints = self.process.communicate("\n", timeout=TIME_BOX)[1]
        return self.process.returncode, complaints

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.communicate()


def raddle(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs the command line."""
    command = [sys.executable, "-m", "raddle", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=TIME_BOX, check=False)


def shown(*arguments: object) -> str:
    """What the command line prints when all is well."""
    result = raddle(*arguments)
    assert (result.returncode, result.stderr) == (0, ""), result
    return result.stdout


def until(what: str, holds: Callable[[], Any]) -> Any:
    """Returns what `holds` returns as soon as that is true."""
    deadline = time.monotonic() + TIME_BOX
    while not (found := holds()):
        assert time.monotonic() < deadline, f"in vain until {what}"
        time.sleep(0.005)
    return found


def sleeps(pid: int) -> bool:
    """Whether the main thread of a process sleeps in the kernel, and goes on to."""

    def look() -> tuple[str, str]:
        fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/task/{pid}/status").read_text().splitlines())
        return fields["State"].split()[0], fields["voluntary_ctxt_switches"]

    first = look()
    time.sleep(0.02)
    return first[0] == "S" and look() == first


QUIET = "import sys; print('ready', flush=True); sys.stdin.readline()"

TEN = """
    import ctypes
    import threading
    import time
    from raddle import _native

    locks = [threading.RLock() for _ in range(10)]
    all_have_one = threading.Barrier(11)

    def work(number):
        with locks[number]:
            all_have_one.wait()
            with locks[(number + 1) % 10]:
                pass

    for number in range(10):
        threading.Thread(target=work, args=(number,), name=f"worker {number}", daemon=True).start()
    all_have_one.wait()
    while sum(thread["waits_for"] == "rlock" for thread in _native.threads()) < 10:
        time.sleep(0.001)
    print("ready", flush=True)
    # Unlike CDLL, this keeps the interpreter's lock for the length of the call.
    ctypes.PyDLL(None).read(0, ctypes.create_string_buffer(1), 1)
"""


@ON_LINUX
def test_ten_deadlocked_threads_are_seen_while_an_extension_holds_the_interpreter() -> None:
    with Program(TEN, "--inspect", "--deadlocks=off") as program:
        assert program.line() == "ready"
        until("the extension sleeps", lambda: sleeps(program.pid))
        text = shown("ps", program.pid)
        header, *lines = text.splitlines()
        assert re.split(r"  +", header) == ["NAME", "NATIVE ID", "STATE", "WAITS FOR", "SINCE", "HOLDS"]
        rows = {cells[0]: cells for cells in (re.split(r"  +", line) for line in lines)}
        assert set(rows) == {"MainThread", *(f"worker {number}" for number in range(10))}, text
        for number in range(10):
            _, native, state, aim, since, holds = rows[f"worker {number}"]
            assert (native.isdecimal(), state) == (True, "blocked")
            assert re.fullmatch(rf"RLock, 0x[0-9a-f]+, which worker {(number + 1) % 10} has", aim), aim
            assert re.fullmatch(r"[\d.]+ m?s", since)
            assert re.fullmatch(r"RLock 0x[0-9a-f]+", holds)
        assert rows["MainThread"][2] == "runnable"

        text = shown("locks", program.pid)
        # What is there beside them was waited for before: the events by which threads say that they have started.
        assert len(re.findall(r"^RLock ", text, re.MULTILINE)) == 10
        for number in range(10):
            assert re.search(rf"^RLock +0x[0-9a-f]+ +worker {number} +worker {(number - 1) % 10}\b", text, re.MULTILINE)

        text = shown("dump", program.pid)
        assert text.startswith(f"Process {program.pid}, on raddle ")
        report = text.split("\nDeadlocks\n")[1]
        assert "deadlock: these threads wait for each other:" in report
        assert ".rs:" not in report
        assert len(re.findall(r"^  thread worker \d \(\d+\) waits for the RLock at 0x", report, re.MULTILINE)) == 10

        told = json.loads(shown("dump", "--json", program.pid))
        assert told["pid"] == program.pid
        assert told["raddle"] == __version__
        (deadlock,) = told["snapshot"]["deadlocks"]
        assert (deadlock["certainty"], len(deadlock["parties"])) == ("certain", 10)
        assert (
            json.loads(shown("ps", program.pid, "--json"))["threads"][0].keys() == told["snapshot"]["threads"][0].keys()
        )
        locks = json.loads(shown("locks", program.pid, "--json"))["locks"]
        assert [lock["kind"] for lock in locks if lock["owner"] or lock["waiters"]] == ["rlock"] * 10
        assert sleeps(program.pid)
        assert program.end() == (0, "")


def test_the_processes_that_can_be_looked_at_are_listed(folder: Path) -> None:
    assert shown("ps").startswith("No process of yours")
    assert json.loads(shown("ps", "--json")) == []
    with Program(QUIET, "--inspect") as one, Program(QUIET, "--inspect") as other, Program(QUIET) as without:
        assert [program.line() for program in (one, other, without)] == ["ready"] * 3
        found = {process["pid"]: process["command"] for process in json.loads(shown("ps", "--json"))}
        assert set(found) == {one.pid, other.pid}
        assert all(str(pid) in shown("ps") for pid in found)
        # Killed, it leaves its socket, which is cleared away.
        one.process.kill()
        one.process.wait()
        assert (folder / f"raddle/{one.pid}.sock").exists()
        assert [process["pid"] for process in json.loads(shown("ps", "--json"))] == [other.pid]
        assert not (folder / f"raddle/{one.pid}.sock").exists()


def test_what_a_killed_process_leaves_is_cleared_away_by_the_next(folder: Path) -> None:
    with Program(QUIET, "--inspect") as killed, Program(QUIET, "--inspect") as living:
        assert (killed.line(), living.line()) == ("ready", "ready")
        killed.process.kill()
        killed.process.wait()
        (folder / "raddle/other.sock").touch()
        with Program(QUIET, "--inspect") as following:
            assert following.line() == "ready"
            left = {path.stem for path in (folder / "raddle").iterdir()}
            assert left == {"other", str(living.pid), str(following.pid)}


@pytest.mark.parametrize("command", ["ps", "locks", "dump"])
@pytest.mark.parametrize("number", ["x", "-1", "0", "1.5", "٣"])
def test_what_is_no_number_is_an_error(command: str, number: str) -> None:
    result = raddle(command, "--", number)
    assert (result.returncode, result.stdout) == (2, "")
    assert f"'{number}' is no number of a process" in result.stderr


def test_a_number_is_needed() -> None:
    for command in ("locks", "dump"):
        assert raddle(command).returncode == 2


def refusal(pid: int, command: str = "ps") -> str:
    """What is said of a process that cannot be looked at."""
    result = raddle(command, pid)
    assert (result.returncode, result.stdout) == (1, ""), result
    assert result.stderr.startswith("raddle: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_a_process_that_is_not_there() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert f"there is no process {process.pid}\n" in refusal(process.pid)
    assert "there is no process" in refusal(10**30)


def test_a_process_that_does_not_let_itself_be_looked_at(folder: Path) -> None:
    with Program(QUIET, run=False) as program:
        assert program.line() == "ready"
        for command in ("ps", "locks", "dump"):
            assert "start it with `raddle run --inspect`" in refusal(program.pid, command)
        # A socket that a process of this number has left is none of its own.
        (folder / "raddle").mkdir(mode=0o700)
        leave_a_socket(folder / f"raddle/{program.pid}.sock")
        assert "start it with `raddle run --inspect`" in refusal(program.pid)
        assert shown("ps").startswith("No process of yours")


def leave_a_socket(path: Path) -> None:
    import socket

    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))


@ON_LINUX
def test_a_thread_is_not_a_process() -> None:
    source = """
        import sys, threading
        ready = threading.Event()
        threading.Thread(target=lambda: (print(threading.get_native_id(), flush=True), sys.stdin.readline())).start()
    """
    with Program(source, "--inspect") as program:
        thread = int(program.line())
        assert f"{thread} is not a process, but a thread of process {program.pid}\n" in refusal(thread)


@ON_LINUX
def test_a_process_of_another_user() -> None:
    if os.geteuid() != 0:
        # The first process of a system is the administrator's.
        assert "belongs to another user, root: only that user can look at it" in refusal(1)
        return
    with subprocess.Popen(["sleep", "3600"], user=65534) as process:
        try:
            assert f"process {process.pid} belongs to another user, " in refusal(process.pid)
        finally:
            process.kill()


# Each binds the socket of its own number, waits for a request, and answers as said.
FAKE = """
    import os, socket, sys
    folder = os.path.join(os.environ["XDG_RUNTIME_DIR"], "raddle")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.path.join(folder, f"{os.getpid()}.sock"))
    listener.listen()
    print("ready", flush=True)
    while True:
        connection, _ = listener.accept()
        request = connection.recv(64)
        assert request == b"raddle 1 snapshot\\n", request
        ANSWER
        connection.close()
"""


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("pass", "has broken off its answer"),
        ("connection.sendall(b'raddle 1 o')", "has broken off its answer"),
        ("connection.sendall(b'raddle 1 ok 100\\n{}')", "has broken off its answer"),
        ("connection.sendall(b'raddle 1 ok 100\\n{}'); os._exit(0)", "has ended meanwhile"),
        ("os._exit(0)", "has ended meanwhile"),
        ("connection.sendall(b'HTTP/1.1 400 Bad Request\\r\\n\\r\\n')", "is it on another version?"),
        ("connection.sendall(b'raddle 2 ok 2\\n{}')", "is it on another version?"),
        ("connection.sendall(b'x' * 1000)", "is it on another version?"),
        ("connection.sendall(b'raddle 1 ok 4\\n{{{{')", "has answered what is no JSON"),
        ("connection.sendall(b'raddle 1 error 8\\nno \\x1b luck')", "says: no "),
    ],
)
def test_an_answer_that_is_none(answer: str, words: str) -> None:
    with Program(FAKE.replace("ANSWER", answer), run=False) as program:
        assert program.line() == "ready"
        if "_exit" in answer:
            # It is this process's child: gone only when it has been waited for.
            refused = subprocess.Popen(
                [sys.executable, "-m", "raddle", "ps", str(program.pid)], stderr=subprocess.PIPE, text=True
            )
            program.process.wait(TIME_BOX)
            text = refused.communicate(timeout=TIME_BOX)[1]
            assert refused.returncode == 1
            # Whether it was still to be seen is a matter of moments.
            assert words in text or "has broken off its answer" in text
        else:
            assert words in refusal(program.pid)


def test_a_process_that_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask, "TIME_BOX", 0.2)
    with Program(QUIET, "--inspect") as program:
        assert program.line() == "ready"
        program.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, program.pid, os.WSTOPPED | os.WNOWAIT)
        with pytest.raises(ask.NoAnswerError, match="does not answer: is it stopped"):
            ask.ask(program.pid)
        program.process.send_signal(signal.SIGCONT)
        monkeypatch.setattr(ask, "TIME_BOX", TIME_BOX)
        assert ask.ask(program.pid)["pid"] == program.pid
        assert program.end() == (0, "")


def test_the_socket_of_another_process_is_not_believed(folder: Path) -> None:
    with Program(QUIET, "--inspect") as program, Program(QUIET, run=False) as other:
        assert (program.line(), other.line()) == ("ready", "ready")
        (folder / f"raddle/{other.pid}.sock").symlink_to(f"{program.pid}.sock")
        assert f"another process answers, {program.pid} of user {os.geteuid()}" in refusal(other.pid)


def test_a_folder_of_others_is_not_looked_into(folder: Path) -> None:
    with Program(QUIET, "--inspect") as program:
        assert program.line() == "ready"
        (folder / "raddle").chmod(0o711)
        assert "start it with `raddle run --inspect`" in refusal(program.pid)
        (folder / "raddle").chmod(0o700)
        shown("ps", program.pid)


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("", 0),
        ("import sys; sys.exit(3)", 3),
        ("1 / 0", 1),
        ("import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()", 0),
        ("from raddle import diagnostics; diagnostics.serve().stop()", 0),
    ],
)
def test_the_socket_goes_with_the_process(folder: Path, source: str, code: int) -> None:
    with Program(f"{QUIET}\n{source}", "--inspect") as program:
        assert program.line() == "ready"
        path = folder / f"raddle/{program.pid}.sock"
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert program.end()[0] == code
        assert not path.exists()


def test_a_program_that_becomes_another_is_served_again() -> None:
    source = """
        import os, sys
        print("ready", flush=True)
        if len(sys.argv) == 1:
            sys.stdin.readline()
            os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:], "again"])
        sys.stdin.readline()
    """
    with Program(source, "--inspect") as program:
        assert program.line() == "ready"
        shown("ps", program.pid)
        assert program.process.stdin is not None
        program.process.stdin.write("\n")
        program.process.stdin.flush()
        assert program.line() == "ready"
        assert "MainThread" in shown("ps", program.pid)
        assert program.end() == (0, "")


FORKS = """
    import os, sys, threading
    if SERVES:
        from raddle import diagnostics
        server = diagnostics.serve()
    child = os.fork()
    if child == 0:
        def work():
            print(os.getpid(), flush=True)
            lock = threading.Lock()
            lock.acquire()
            lock.acquire(timeout=3600)
        threading.Thread(target=work, name="of the child", daemon=True).start()
        if STOPS:
            server.stop()
        sys.stdin.readline()
    else:
        os.waitpid(child, 0)
"""


@pytest.mark.parametrize("serves", [False, True])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_answers_for_itself(folder: Path, serves: bool) -> None:
    source = FORKS.replace("SERVES", str(serves)).replace("STOPS", "False")
    with Program(source, *([] if serves else ["--inspect"]), PYTHONWARNINGS="ignore") as program:
        child = int(program.line())
        told = json.loads(shown("dump", "--json", child))
        assert told["pid"] == child
        assert "of the child" in shown("ps", child)
        assert json.loads(shown("dump", "--json", program.pid))["pid"] == program.pid
        assert "of the child" not in shown("ps", program.pid)
        assert program.end() == (0, "")
        assert list((folder / "raddle").iterdir()) == []


def test_a_forked_child_can_be_stopped_alone() -> None:
    source = FORKS.replace("SERVES", "True").replace("STOPS", "True")
    with Program(source, PYTHONWARNINGS="ignore") as program:
        child = int(program.line())
        until("the child is not served", lambda: raddle("ps", child).returncode == 1)
        assert "MainThread" in shown("ps", program.pid)
        assert program.end() == (0, "")


@pytest.mark.parametrize("children", [True, False])
def test_the_interpreters_that_it_starts_can_be_looked_at_too(children: bool) -> None:
    source = """
        import subprocess, sys
        subprocess.run([sys.executable, "-c", "import os; print(os.getpid(), flush=True); input()"])
    """
    options = ["--inspect"] if children else ["--inspect", "--no-children"]
    with Program(source, *options) as program:
        child = int(program.line())
        assert raddle("ps", program.pid).returncode == 0
        assert raddle("ps", child).returncode == (0 if children else 1)
        assert program.end() == (0, "")


def test_nothing_is_served_unless_it_is_asked_for(folder: Path) -> None:
    with Program("import threading\n" + QUIET) as program, Program(QUIET, RADDLE_INSPECT="0") as other:
        assert (program.line(), other.line()) == ("ready", "ready")
        assert not (folder / "raddle").exists()


def test_a_module_of_ours_reads_the_environment_too() -> None:
    with Program("from raddle import threading\n" + QUIET, run=False, RADDLE_INSPECT="1") as program:
        assert program.line() == "ready"
        shown("ps", program.pid)


def test_a_program_that_cannot_be_served_runs_all_the_same(folder: Path) -> None:
    (folder / "raddle").mkdir(mode=0o755)
    (folder / "raddle").chmod(0o755)
    # Neither is there a folder for temporary files.
    with Program(QUIET, "--inspect") as program:
        assert program.line() == "ready"
        code, complaints = program.end()
    assert code == 0
    assert re.fullmatch(r"raddle: this process cannot be inspected: .*/raddle: it is not a folder .*\n", complaints)


def test_serving_from_within(folder: Path) -> None:
    with diagnostics.serve() as server:
        path = Path(server.path or "")
        assert path == folder / f"raddle/{os.getpid()}.sock"
        assert diagnostics.serve().path == server.path
        told = ask.ask(os.getpid())
        assert told["pid"] == os.getpid()
    assert server.path is None
    assert not path.exists()
    server.stop()
    with pytest.raises(ask.NoAnswerError, match="does not let itself be looked at"):
        ask.ask(os.getpid())
    again = diagnostics.serve()
    assert path.exists()
    again.stop()
    assert not path.exists()


def test_the_thread_that_answers_is_none_of_the_programs() -> None:
    source = """
        import sys, threading
        from raddle import _native
        threading.Lock().acquire()
        print(threading.active_count(), len(threading.enumerate()), len(_native.threads()), flush=True)
        sys.stdin.readline()
    """
    with Program(source, "--inspect") as program:
        assert program.line() == "1 1 1"
        shown("ps", program.pid)
        assert "raddle-inspect" not in shown("dump", program.pid)
        assert program.end() == (0, "")


def test_all_asleep_is_told_as_without_it() -> None:
    source = """
        import threading
        threading.Event().wait()
    """
    with Program(source, "--inspect", RADDLE_DEADLOCKS_GRACE="0.1") as program:
        assert program.process.stderr is not None
        assert select.select([program.process.stderr], [], [], TIME_BOX)[0]
        assert program.process.stderr.readline().startswith("raddle: all threads are asleep")


@ON_LINUX
@pytest.mark.parametrize("act", ["threading.Lock().acquire", "threading.Event().wait"])
def test_an_interrupt_goes_to_the_main_thread(act: str) -> None:
    source = f"""
        import threading
        lock = threading.Lock()
        lock.acquire()
        print("ready", flush=True)
        {"lock.acquire()" if "Lock" in act else "threading.Event().wait()"}
    """
    with Program(source, "--inspect", "--deadlocks=off") as program:
        assert program.line() == "ready"
        until("it waits", lambda: "blocked" in shown("ps", program.pid))
        # To the process: the system chooses a thread of it that takes the signal.
        os.kill(program.pid, signal.SIGINT)
        assert program.process.wait(TIME_BOX) == -signal.SIGINT


def test_names_do_not_steer_the_terminal() -> None:
    source = r"""
        import sys, threading
        name = "a\x1b[31m\nb [bold]c[/bold] \u00e9"
        threading.Thread(target=sys.stdin.readline, name=name).start()
        print("ready", flush=True)
    """
    with Program(source, "--inspect") as program:
        assert program.line() == "ready"
        expected = r"a\x1b[31m\nb [bold]c[/bold] é"
        until("the thread is there", lambda: shown("ps", program.pid).count("runnable") == 2)
        for command in ("ps", "dump"):
            text = shown(command, program.pid)
            assert "\x1b" not in text
            assert any(line.startswith(expected) for line in text.splitlines()), text


def test_a_table_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("rich", reason="rich is not installed, which is for terminals")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    tables.show(["NAME", "STATE"], [["[red]x[/red]", "blocked"], ["y", "runnable"]])
    text = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert re.search(r"^ ?NAME +STATE", text, re.MULTILINE)
    assert re.search(r"^ ?\[red\]x\[/red\] +blocked", text, re.MULTILINE)
    assert "─" in text


def test_whatever_a_snapshot_has_is_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    answer = {
        "raddle": "9.9",
        "pid": os.getpid(),
        "snapshot": {
            "threads": [],
            "locks": [{"kind": "lock", "object": 16, "owner": 7, "waiters": [], "contended": 3}],
            "queues": [{"object": 32, "depth": 5, "blocked_ends": [1, 2]}],
            "deadlocks": [],
        },
        "reports": [],
    }
    monkeypatch.setattr(look, "ask", lambda _: answer)
    assert look.dump(1, as_json=False) == 0
    text = capsys.readouterr().out
    assert re.search(r"CONTENDED\nLock +0x10 +a thread that has ended +3$", text, re.MULTILINE), text
    assert re.search(r"^Queues\n\nOBJECT +DEPTH +BLOCKED ENDS\n0x20 +5 +\[1, 2\]$", text, re.MULTILINE), text
    assert "No threads wait for each other." in text


def test_a_reader_that_has_enough_is_no_error() -> None:
    with Program(QUIET, "--inspect") as program:
        assert program.line() == "ready"
        read, write = os.pipe()
        os.close(read)
        result = subprocess.run(
            [sys.executable, "-m", "raddle", "dump", str(program.pid)],
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
            timeout=TIME_BOX,
            check=False,
        )
        os.close(write)
        assert (result.returncode, result.stderr) == (0, "")
