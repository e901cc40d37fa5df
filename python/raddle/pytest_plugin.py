"""A plugin for pytest: a test that hangs fails, with what each thread waits for.

Used with `pytest -p raddle.pytest_plugin --hang-after=SECONDS`. The limit is for one test with its
fixtures; without the option the plugin does nothing. What hangs in raddle's waits or in Python code
is ended as by Ctrl-C; what hangs elsewhere is reported, and hangs on.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from raddle.diagnostics._report import describe_threads

if TYPE_CHECKING:
    from collections.abc import Generator

_OPTION = "--hang-after"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.getgroup("raddle").addoption(
        _OPTION,
        type=float,
        metavar="SECONDS",
        help="fail a test that takes longer, and say what each thread waits for",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Watch the tests, if that is asked for."""
    limit: float | None = config.getoption(_OPTION)
    if limit is not None:
        config.pluginmanager.register(_Watcher(limit), "raddle-hang-watcher")


class _Watcher:
    """Ends each test after a time."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        # Of its own, for pytest captures what is written to the original.
        self._stderr = os.dup(2)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        return (yield from self._watch(item))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        return (yield from self._watch(item))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, None, None]:
        return (yield from self._watch(item))

    def _watch(self, item: pytest.Item) -> Generator[None, None, None]:
        reports: list[str] = []
        over = threading.Event()
        runner = threading.get_ident()

        def end() -> None:
            if over.wait(self._limit):
                return
            reports.append(f"{item.nodeid} hangs after {self._limit:g} s\n{describe_threads(without=[watcher.ident])}")
            # At once, because the test may not be one that can be ended.
            os.write(self._stderr, f"\nraddle: {reports[0]}\n".encode())
            signal.pthread_kill(runner, signal.SIGINT)

        watcher = threading.Thread(target=end, name="raddle-hang-watcher", daemon=True)
        watcher.start()
        try:
            try:
                yield
            finally:
                over.set()
                watcher.join()
        except KeyboardInterrupt:
            # The user's own, or ours.
            if not reports:
                raise
            pytest.fail(reports[0], pytrace=False)
