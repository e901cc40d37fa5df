"""A subclass that overrides a method is asked for it wherever the standard library's class asks for it."""

from __future__ import annotations

import importlib
from typing import Any

import pytest


@pytest.fixture(params=["", "raddle."], ids=["stock", "raddle"])
def prefix(request: pytest.FixtureRequest) -> str:
    """Each test runs on the standard library's classes too, which say what is right."""
    return str(request.param)


@pytest.fixture
def queue(prefix: str) -> Any:
    return importlib.import_module(f"{prefix}queue")


@pytest.fixture
def threading(prefix: str) -> Any:
    return importlib.import_module(f"{prefix}threading")


def test_put_nowait_and_get_nowait_use_put_and_get(queue: Any) -> None:
    class Counting(queue.Queue):  # type: ignore[misc]
        def put(self, item: object, block: bool = True, timeout: float | None = None) -> None:
            super().put(("put", item), block, timeout)

        def get(self, block: bool = True, timeout: float | None = None) -> object:
            return "got", super().get(block, timeout)

    made = Counting(1)
    made.put_nowait(1)
    with pytest.raises(queue.Full):
        made.put_nowait(2)
    assert made.get_nowait() == ("got", ("put", 1))
    with pytest.raises(queue.Empty):
        made.get_nowait()


def test_an_override_of_put_nowait_stays(queue: Any) -> None:
    class Both(queue.Queue):  # type: ignore[misc]
        def put(self, item: object, block: bool = True, timeout: float | None = None) -> None:
            super().put(("put", item), block, timeout)

        def put_nowait(self, item: object) -> None:
            super().put(("put_nowait", item), block=False)

    made = Both(1)
    made.put_nowait(1)
    assert made.get() == ("put_nowait", 1)


def test_leaving_a_semaphore_uses_release(threading: Any) -> None:
    released: list[int] = []

    class Noting(threading.Semaphore):  # type: ignore[misc]
        def release(self, n: int = 1) -> None:
            released.append(n)
            super().release(n)

    made = Noting(1)
    with made:
        assert not made.acquire(blocking=False)
    assert released == [1]
    assert made.acquire(blocking=False)


def test_notify_all_uses_notify(threading: Any) -> None:
    notified: list[int] = []

    class Noting(threading.Condition):  # type: ignore[misc]
        def notify(self, n: int = 1) -> None:
            notified.append(n)
            super().notify(n)

    made = Noting()
    with made:
        made.notify_all()
    assert notified == [0]


def test_wait_for_uses_wait(threading: Any) -> None:
    class Noting(threading.Condition):  # type: ignore[misc]
        waited = 0

        def wait(self, timeout: float | None = None) -> bool:
            assert timeout is None
            self.waited += 1
            return bool(super().wait(0))

    made = Noting()
    with made:
        assert made.wait_for(lambda: made.waited == 3)


@pytest.mark.parametrize("kind", ["Queue", "LifoQueue", "PriorityQueue"])
def test_hooks_decide_what_the_queue_holds(queue: Any, kind: str) -> None:
    class Unique(getattr(queue, kind)):  # type: ignore[misc]
        def _init(self, maxsize: int) -> None:
            assert maxsize == 2
            self.queue: dict[int, None] = {}

        def _qsize(self) -> int:
            return len(self.queue)

        def _put(self, item: int) -> None:
            self.queue[item] = None

        def _get(self) -> int:
            item = min(self.queue)
            del self.queue[item]
            return item

    made = Unique(2)
    for item in (2, 2, 1):
        made.put(item, block=False)
    assert (made.qsize(), made.full(), made.empty(), made.unfinished_tasks) == (2, True, False, 3)
    with pytest.raises(queue.Full):
        made.put(3, timeout=0.001)
    assert [made.get(), made.get()] == [1, 2]
    with pytest.raises(queue.Empty):
        made.get(block=False)
    for _ in range(3):
        made.task_done()
    made.join()
    with pytest.raises(ValueError, match="task_done"):
        made.task_done()
    if hasattr(queue, "ShutDown"):
        made.shutdown()
        assert made.is_shutdown
        with pytest.raises(queue.ShutDown):
            made.put(1)


@pytest.mark.parametrize("kind", ["Queue", "LifoQueue", "PriorityQueue"])
def test_the_inside_of_a_queue_is_live(queue: Any, kind: str) -> None:
    made = getattr(queue, kind)(3)
    for item in (1, 2, 3):
        made.put(item)
    assert made.get() in (1, 3)
    with made.mutex:
        assert made.mutex.locked()
        assert len(made.queue) == 2
        made.queue.clear()
        made.unfinished_tasks = 0
        made.all_tasks_done.notify_all()
        made.not_full.notify()
    made.join()
    assert made.empty()
    assert made.maxsize == 3
    made.put(4)
    with made.not_empty:
        assert list(made.queue) == [4]
    assert made.get() == 4
    made.task_done()


def test_the_inside_of_a_queue_can_be_replaced(queue: Any) -> None:
    made = queue.Queue()
    made.put(1)
    made.queue = type(made.queue)([7, 8])
    assert [made.get(), made.get()] == [7, 8]
    assert made.unfinished_tasks == 1


def test_a_queue_with_a_limit_that_is_no_integer(queue: Any) -> None:
    made = queue.Queue(1.5)
    assert made.maxsize == 1.5
    made.put(1)
    assert not made.full()
    made.put(2)
    assert made.full()
