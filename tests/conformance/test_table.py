"""The recorded lists are whole, and what is published of them is what they say."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conformance import run, table, vacuous, whole

LISTS = sorted(run.OUTCOMES.glob("*/*.txt"))


@pytest.mark.parametrize("path", LISTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_line_that_is_not_ok_has_a_reason(path: Path) -> None:
    lines = table.lines_of(path.parent.name, path.stem)
    assert lines
    silent = [line for line in lines if not line.startswith("ok ") and not table.reason_of(line)]
    assert not silent, silent


@pytest.mark.parametrize("version", table.versions())
def test_no_module_is_left_out_without_a_reason(version: str) -> None:
    for row, group, lines in table.all_rows():
        if row == version:
            assert bool(lines) != ((version, group) in table.WITHOUT), group


def test_the_published_page_is_what_the_lists_say() -> None:
    assert table.PAGE.read_text() == table.page(), "python -m tests.conformance.table writes it anew"


@pytest.mark.parametrize("pattern", vacuous.PATTERNS)
def test_each_pattern_of_tests_that_prove_nothing_finds_some(pattern: str) -> None:
    tests = [whole.name_of(line) for version in table.versions() for line in table.lines_of(whole.GROUP, version)]
    assert any(vacuous.fnmatchcase(test, pattern) for test in tests)
