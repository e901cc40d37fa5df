"""Asking a running process what its threads do: finding its socket, and why there is no answer.

The process answers as `raddle::diagnostics::serve` says, in crates/raddle/src/diagnostics/serve.rs.
"""

from __future__ import annotations

import json
import os
import socket
import stat
import struct
import sys
import time
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_GREETING = b"raddle 1 "
_LONGEST_HEAD = 64

# For the whole of an answer, in seconds. A process that is stopped, or swapped out, takes longer.
TIME_BOX = 15.0


class NoAnswerError(Exception):
    """Why a process could not be looked at, in words."""


def ask(pid: int) -> dict[str, Any]:
    """Return what the process with this number tells: who it is, and its snapshot.

    Errors: `NoAnswerError`.
    """
    if not hasattr(socket, "AF_UNIX"):
        raise NoAnswerError("on this system no process can be looked at from outside")
    for path in _places(f"{pid}.sock"):
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.settimeout(TIME_BOX)
                connection.connect(str(path))
            except ConnectionRefusedError:
                # Left by a process that was killed, or has become another program.
                continue
            except OSError as error:
                raise NoAnswerError(f"process {pid} cannot be asked at {path}: {error}") from error
            _check_peer(connection, pid, path)
            return _talk(connection, pid)
    raise NoAnswerError(_why_not(pid))


def askable() -> Iterator[int]:
    """Return the numbers of this user's processes that can be asked, and clear away what the others have left."""
    if not hasattr(socket, "AF_UNIX"):
        return
    found: set[int] = set()
    for path in _places("*.sock"):
        if not path.stem.isdecimal() or int(path.stem) in found:
            continue
        pid = int(path.stem)
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.settimeout(TIME_BOX)
                connection.connect(str(path))
            except ConnectionRefusedError:
                if not _exists(pid):
                    path.unlink(missing_ok=True)
                continue
            except OSError:
                continue
        found.add(pid)
        yield pid


def command_of(pid: int) -> str:
    """Return the command line of a process, as far as the system tells it."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    return " ".join(word.decode(errors="replace") for word in words if word)


def native_threads_of(pid: int) -> dict[int, str]:
    """Return the operating system's threads of a process with their names, as far as it tells them."""
    names: dict[int, str] = {}
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            names[int(task.name)] = task.joinpath("comm").read_text(errors="replace").rstrip("\n")
        except OSError:
            # It has just ended.
            continue
    return names


def _places(pattern: str) -> Iterator[Path]:
    """Yield the sockets of this name that there are, in folders that nobody else can have written to."""
    user = os.geteuid()
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    folders = [
        *([Path(runtime, "raddle")] if os.path.isabs(runtime) else []),
        # The process may have had less in its environment than this one, or more.
        Path(f"/run/user/{user}/raddle"),
        Path(os.environ.get("TMPDIR", "/tmp"), f"raddle-{user}"),
        Path(f"/tmp/raddle-{user}"),
    ]
    for folder in dict.fromkeys(folders):
        try:
            found = folder.lstat()
        except OSError:
            continue
        if stat.S_ISDIR(found.st_mode) and found.st_uid == user and found.st_mode & 0o777 == 0o700:
            yield from sorted(folder.glob(pattern))


def _check_peer(connection: socket.socket, pid: int, path: Path) -> None:
    if not hasattr(socket, "SO_PEERCRED"):
        return
    peer, user, _ = struct.unpack("iII", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    if (peer, user) != (pid, os.geteuid()):
        raise NoAnswerError(f"at {path} another process answers, {peer} of user {user}, and not {pid}")


def _talk(connection: socket.socket, pid: int) -> dict[str, Any]:
    deadline = time.monotonic() + TIME_BOX
    try:
        connection.sendall(_GREETING + b"snapshot\n")
        received = bytearray()
        while b"\n" not in received and len(received) < _LONGEST_HEAD:
            received += _receive(connection, deadline)
        head, _, body = bytes(received).partition(b"\n")
        outcome, length = _read_head(head, pid)
        content = bytearray(body)
        while len(content) < length:
            content += _receive(connection, deadline)
    except TimeoutError:
        raise NoAnswerError(f"process {pid} does not answer: is it stopped?") from None
    except (EOFError, OSError):
        ended = "has ended meanwhile" if not _exists(pid) else "has broken off its answer"
        raise NoAnswerError(f"process {pid} {ended}") from None
    text = content[:length].decode(errors="replace")
    if outcome != b"ok":
        raise NoAnswerError(f"process {pid} says: {text}")
    try:
        answer: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise NoAnswerError(f"process {pid} has answered what is no JSON: {error}") from None
    return answer


def _receive(connection: socket.socket, deadline: float) -> bytes:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    connection.settimeout(left)
    received = connection.recv(1 << 16)
    if not received:
        raise EOFError
    return received


def _read_head(head: bytes, pid: int) -> tuple[bytes, int]:
    outcome, _, length = head.removeprefix(_GREETING).partition(b" ")
    if not head.startswith(_GREETING) or outcome not in (b"ok", b"error") or not length.isdigit():
        raise NoAnswerError(f"process {pid} answers in another way than this raddle asks: is it on another version?")
    return outcome, int(length)


def _why_not(pid: int) -> str:
    if not _exists(pid):
        return f"there is no process {pid}"
    try:
        owner = os.stat(f"/proc/{pid}").st_uid
        group = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("Tgid:"))
    except (OSError, StopIteration):
        owner, group = os.geteuid(), f"Tgid: {pid}"
    if owner != os.geteuid() or not _is_reachable(pid):
        return f"process {pid} belongs to another user, {_name_of(owner)}: only that user can look at it"
    if int(group.split()[1]) != pid:
        return f"{pid} is not a process, but a thread of process {group.split()[1]}"
    return (
        f"process {pid} does not let itself be looked at: start it with `raddle run --inspect`, or let it call "
        "`raddle.diagnostics.serve()`, in Rust `raddle::diagnostics::serve()`"
    )


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True


def _is_reachable(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _name_of(user: int) -> str:
    if sys.platform == "win32":
        return str(user)
    import pwd

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
