"""What must still run when the main thread ends does, what must not does not, and nothing hangs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import ChildRunner

RUNS = 4

REFUSED = "RuntimeError cannot schedule new futures after interpreter shutdown"
# A worker that ends with the interpreter closes its pool.
CLOSED = "RuntimeError cannot schedule new futures after shutdown"
EXPECTED = {
    "pending tasks": ["main ends", *(f"task {number}" for number in range(5))],
    "pending tasks of a dropped pool": ["dropped True", *(f"task {number}" for number in range(5))],
    "pending tasks after shutdown": ["main ends", *(f"task {number}" for number in range(3))],
    "cancelled by shutdown": ["[True, True, True]"],
    "failing main": ["task"],
    "results at exit": ["4950"],
    "submit from an exit handler": ["1", CLOSED],
    "new pool in an exit handler": [REFUSED],
    "submit from a task": [REFUSED],
    "submit from a thread": [REFUSED],
    "waiting threads": ["[10, 10, 45]"],
    "pool in a cycle": ["main ends", "task"],
    "callbacks at exit": ["callback 5"],
    "pool that waits for a pool": ["inner 5"],
    "idle pools": ["10"],
    "ended by hand": ["50 0", CLOSED],
    "daemon beside a pool": ["task"],
}


@pytest.mark.parametrize("case", EXPECTED)
def test_exit_with_a_pool(case: str, child: ChildRunner) -> None:
    """Every run prints what it must, says nothing on stderr and ends as the program asked."""
    runs = RUNS if child.is_ours else 1
    code = 3 if case == "failing main" else 0
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: child("exit_pool.py", case), range(runs)))
    for result in results:
        assert (result.returncode, result.stderr) == (code, ""), result.describe()
        assert result.stdout.splitlines() == EXPECTED[case], result.describe()


def test_cases_were_found(child: ChildRunner) -> None:
    """What is expected here are all cases that the program has."""
    assert child("exit_pool.py").stdout.splitlines() == list(EXPECTED)
