"""The runner of CPython's own suites: how it keeps outcomes, and tries once more what failed."""

from __future__ import annotations

import unittest
from collections import Counter

import pytest
from tests.conformance import run


def test_what_fails_is_tried_once_more(capfd: pytest.CaptureFixture[str]) -> None:
    """The outcome is that of the second try, and stderr says which tests had one."""
    tries: Counter[str] = Counter()

    class Suite(unittest.TestCase):
        def setUp(self) -> None:
            tries[self._testMethodName] += 1

        def test_fails_at_first(self) -> None:
            with self.subTest():
                assert tries["test_fails_at_first"] > 1

        def test_fails_always(self) -> None:
            self.fail("of course")

        def test_passes(self) -> None:
            pass

        @unittest.skip("not today")
        def test_skipped(self) -> None:
            pass

    assert run.run_suites([Suite]) == [
        "failed  Suite.test_fails_always  # AssertionError: of course",
        "ok      Suite.test_fails_at_first",
        "ok      Suite.test_passes",
        "skipped Suite.test_skipped  # not today",
    ]
    assert tries == {"test_fails_at_first": 2, "test_fails_always": 2, "test_passes": 1}
    said = [line for line in capfd.readouterr().err.splitlines() if line.startswith(run.TRIED_AGAIN)]
    assert said == [
        "tried again: Suite.test_fails_always: failed, then failed",
        "tried again: Suite.test_fails_at_first: failed, then ok",
    ]


def test_a_class_that_cannot_be_set_up_has_a_line() -> None:
    """What stands for it is no test, and is not tried again."""

    class Suite(unittest.TestCase):
        @classmethod
        def setUpClass(cls) -> None:
            raise OSError("no")

        def test_never_runs(self) -> None:
            pass

    (line,) = run.run_suites([Suite])
    assert line.startswith("error ")
    assert line.endswith("# OSError: no")
