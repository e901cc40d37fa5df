"""Children of a busy multi-threaded parent. ``RADDLE_FORKS`` sets how many (40)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import ChildRunner

FORKS = int(os.environ.get("RADDLE_FORKS", "40"))
STOCK_FORKS = 8


@pytest.mark.parametrize("program", ["forked.py", "forked_pool.py"])
def test_children_use_everything(program: str, child: ChildRunner) -> None:
    """Every child finds all primitives, and all pools and futures, usable."""
    forks = FORKS if child.is_ours else STOCK_FORKS
    result = child(program, forks, time_box=120.0 + forks)
    assert result.returncode == 0, result.describe()
    assert result.stderr == "", result.describe()
    assert result.stdout == f"{forks}\n", result.describe()
