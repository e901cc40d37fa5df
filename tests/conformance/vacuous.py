"""Which tests of the whole modules pass without saying anything about raddle's classes, and why."""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase

# What a test's name looks like, and what it tests instead.
PATTERNS = {
    "test_threading.PyRLockTests.*": "CPython's RLock in Python",
    "test_threading.SubinterpThreadingTests.*": "sub-interpreters keep the standard library's classes",
    "test_threading_local.*": "CPython's thread-local, which stays",
    "test_threading_local:*": "CPython's thread-local, which stays",
    "test_queue.*": "fresh copies of the standard queue: its algorithm, though on raddle's locks",
    "test_logging.FormatterTest.*": "formats without a lock",
    "test_logging.BufferingFormatterTest.*": "formats without a lock",
    "test_logging.MiscTestCase.*": "the names that logging exports",
}

# A test of this module has to do with threads only when it starts one: CPython's locks and futures for coroutines stay.
ABOUT_THREADS_IF_STARTED = "test_asyncio"
NO_THREAD = "starts no thread" if sys.version_info >= (3, 12) else "3.11 does not tell whether it starts a thread"


def why_vacuous(module: str, test: str, *, starts_thread: bool) -> str | None:
    """What a test that passes shows instead of something about raddle; None when it does show something."""
    for pattern, reason in PATTERNS.items():
        if fnmatchcase(test, pattern):
            return reason
    if module == ABOUT_THREADS_IF_STARTED and not starts_thread:
        return NO_THREAD
    return None
