"""CPython's whole test modules under ``raddle run``, each test compared with the recorded list.

Only on the free-threaded build, where threads meet most; `make conformance` does so on any interpreter. The two longest
run on stock only where they do not end as recorded.
"""

from __future__ import annotations

import sysconfig
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from tests.conformance import whole

if not sysconfig.get_config_var("Py_GIL_DISABLED"):
    pytest.skip("make conformance runs the whole modules here", allow_module_level=True)

# The runs are made once, for all tests.
pytestmark = pytest.mark.xdist_group("whole modules")

# They mostly sleep, and other tests run beside them.
JOBS = 2

Runs = dict[str, "Future[tuple[whole.Run, whole.Run]]"]


@pytest.mark.parametrize("module", whole.MODULES)
def test_outcomes_are_the_recorded_ones(module: str, runs: Runs, report_figure: Callable[[str], None]) -> None:
    """Every test ends as recorded, on raddle and on stock, and raddle says nothing."""
    ours, stock = runs[module].result()
    lines = whole.compare(module, ours, stock)
    report_figure(f"whole modules: {module}, {whole.summary(lines)}")
    complaints = whole.beyond_tests(module, ours, stock)
    complaints += whole.changes(lines, whole.recorded_of([module]))
    assert not complaints, "\n".join([*complaints, f"logs: {whole.LOGS}"])


@pytest.mark.parametrize("module", whole.MODULES)
def test_the_list_knows_the_module(module: str) -> None:
    """There is something to compare with."""
    assert whole.recorded_of([module])


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest) -> Iterator[Runs]:
    """The runs of the modules that are asked for, the longest first."""
    tests = (item for item in request.session.items if isinstance(item, pytest.Function))
    modules = [test.callspec.params["module"] for test in tests if test.function is test_outcomes_are_the_recorded_ones]
    with ThreadPoolExecutor(JOBS) as pool:
        yield {
            module: pool.submit(whole.run_beside_list if module in whole.LONG else whole.run_beside_stock, module)
            for module in modules
        }
