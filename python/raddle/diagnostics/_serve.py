"""The process seen from outside, by `raddle ps`, `raddle locks` and `raddle dump`."""

from __future__ import annotations

from raddle import _inspect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self


class Server:
    """What `serve` has begun. There is one in a process."""

    __slots__ = ()
    __module__ = "raddle.diagnostics"

    @property
    def path(self) -> str | None:
        """Where the socket of this process is; None when it is served no more."""
        return _inspect.path()

    def stop(self) -> None:
        """Answer no more, and remove the socket. It ends for all who have called `serve`."""
        _inspect.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def serve() -> Server:
    """Let other processes of this user look at this one: `raddle ps`, `raddle locks`, `raddle dump`.

    A thread that is none of Python's answers them, and never needs the interpreter: while the
    program is deadlocked, and while an extension keeps the interpreter's lock. It goes on until the
    process ends, or until `stop`; the result can be a context manager. Calling this again changes
    nothing. A child of `os.fork` is served as well, on a socket of its own.

    Errors: `OSError` where there is no place for a socket, and on systems that are not Unix.
    """
    _inspect.serve()
    return Server()
