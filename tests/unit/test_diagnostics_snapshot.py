"""What a snapshot says of contention, of queues and of pools."""

from __future__ import annotations

import functools
import gc
import json
import weakref
from typing import Any

import pytest

from raddle import RWLock, diagnostics, queue, threading
from raddle.concurrent.futures import ThreadPoolExecutor


@pytest.fixture
def until_blocked(wait_until_blocked: Any) -> Any:
    """Wait until these threads wait for something of ours."""

    class Ours:
        is_ours = True

    return functools.partial(wait_until_blocked, implementation=Ours())


def started(count: int, target: Any) -> list[threading.Thread]:
    threads = [threading.Thread(target=target) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join()


def pass_through(lock: Any) -> None:
    with lock:
        pass


def called(name: str) -> diagnostics.Object:
    (found,) = [one for one in diagnostics.snapshot().objects if one.name == name]
    return found


def queue_called(name: str) -> diagnostics.Queue:
    (found,) = [one for one in diagnostics.snapshot().queues if one.name == name]
    return found


@pytest.mark.parametrize(("kind", "make"), [("lock", threading.Lock), ("rlock", threading.RLock)])
def test_a_lock_that_was_contended_is_remembered_while_it_lives(kind: str, make: Any, until_blocked: Any) -> None:
    lock = make()
    diagnostics.name(lock, f"a contended {kind}")
    with lock:
        threads = started(3, functools.partial(pass_through, lock))
        until_blocked(threads)
        seen = called(f"a contended {kind}")
        assert (seen.kind, len(seen.waiters), seen.contended) == (kind, 3, 0)
        assert seen.owner is not None
        assert seen.longest_wait > 0
    join(threads)
    seen = called(f"a contended {kind}")
    assert (seen.owner, seen.waiters, seen.contended) == (None, (), 3)
    assert seen.longest_wait > 0
    count = len(diagnostics.snapshot().objects)
    del lock
    gc.collect()
    assert len(diagnostics.snapshot().objects) < count


def test_an_rwlock_shows_all_that_read() -> None:
    lock, read, over = RWLock(), threading.Event(), threading.Event()
    diagnostics.name(lock, "a lock that is read")

    def reading() -> None:
        with lock.reader:
            read.set()
            over.wait()

    threads = started(1, reading)
    read.wait()
    with lock.reader:
        seen = called("a lock that is read")
    over.set()
    join(threads)
    assert len(set(seen.readers)) == 2
    assert seen.owner in seen.readers


def test_the_others_say_what_they_are(until_blocked: Any) -> None:
    condition, semaphore = threading.Condition(), threading.Semaphore(0)
    event, barrier = threading.Event(), threading.Barrier(2)
    with condition:
        condition.notify()
        condition.notify()

    def wait_for_condition() -> None:
        with condition:
            condition.wait()

    def wait_at_barrier() -> None:
        with pytest.raises(threading.BrokenBarrierError):
            barrier.wait()

    named: list[tuple[Any, str]] = [(condition, "c"), (semaphore, "s"), (event, "e"), (barrier, "b")]
    for subject, name in named:
        diagnostics.name(subject, name)
    targets: list[Any] = [wait_for_condition, semaphore.acquire, event.wait, wait_at_barrier]
    threads = [thread for target in targets for thread in started(1, target)]
    until_blocked(threads)
    seen = {name: called(name).details for _, name in named}
    with condition:
        condition.notify()
    semaphore.release()
    event.set()
    barrier.abort()
    join(threads)
    assert seen == {
        "c": diagnostics.ConditionDetails(unheard=2),
        "s": diagnostics.SemaphoreDetails(value=0),
        "e": diagnostics.EventDetails(is_set=False),
        "b": diagnostics.BarrierDetails(parties=2, waiting=1, broken=False),
    }
    assert [called(name).contended for _, name in named] == [1, 1, 1, 1]
    # A barrier can be asked at any time.
    assert called("b").details == diagnostics.BarrierDetails(parties=2, waiting=0, broken=True)


@pytest.mark.parametrize("make", [queue.Queue, queue.LifoQueue])
def test_a_queue_that_was_waited_for_says_what_it_holds(make: Any, until_blocked: Any) -> None:
    tasks: Any = make(2)
    diagnostics.name(tasks, make.__name__)
    tasks.put(1)
    assert [one for one in diagnostics.snapshot().queues if one.name == make.__name__] == []
    tasks.put(2)
    threads = [*started(2, lambda: tasks.put(3)), *started(1, tasks.join)]
    until_blocked(threads)
    seen = queue_called(make.__name__)
    assert (seen.depth, seen.maxsize, seen.unfinished, seen.high_water) == (2, 2, 2, 2)
    assert (seen.getters, seen.putters, seen.joiners) == (0, 2, 1)
    for _ in range(4):
        tasks.get()
        tasks.task_done()
    join(threads)
    seen = queue_called(make.__name__)
    assert (seen.depth, seen.unfinished, seen.high_water, seen.contended) == (0, 0, 2, 3)
    assert seen.longest_wait > 0
    # From now on the standard library's algorithm has it.
    assert tasks.mutex is not None
    assert [one for one in diagnostics.snapshot().queues if one.name == make.__name__] == []


def pool_of(executor: Any) -> diagnostics.Pool | None:
    queue = executor._work_queue
    found = [one for one in diagnostics.snapshot().pools if 0 <= one.object - id(queue) < type(queue).__basicsize__]
    return found[0] if found else None


class Sleeper:
    def work(self, go: threading.Event, begun: threading.Event) -> None:
        begun.set()
        go.wait()


def test_a_pool_says_what_its_workers_do(until_blocked: Any) -> None:
    go, begun = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1, "the pool") as executor:
        seen = pool_of(executor)
        assert seen is not None
        assert (seen.max_workers, seen.workers, seen.idle, seen.backlog, seen.is_shut_down) == (1, (), 0, 0, False)
        futures = [executor.submit(Sleeper().work, go, begun) for _ in range(3)]
        begun.wait()
        until_blocked(list(executor._threads))
        seen = pool_of(executor)
        assert seen is not None
        assert (seen.idle, seen.backlog) == (0, 2)
        (worker,) = seen.workers
        assert worker.thread_name == "the pool_0"
        assert worker.task == f"{__name__}.Sleeper.work"
        assert worker.busy_for is not None
        go.set()
        for future in futures:
            future.result()
        until_blocked(list(executor._threads))
        seen = pool_of(executor)
        assert seen is not None
        assert (seen.idle, seen.backlog, seen.workers[0].task, seen.workers[0].busy_for) == (1, 0, None, None)
    seen = pool_of(executor)
    assert seen is not None
    assert (seen.workers, seen.is_shut_down) == ((), True)
    count = len(diagnostics.snapshot().pools)
    reference = weakref.ref(executor)
    del executor
    gc.collect()
    assert reference() is None
    assert len(diagnostics.snapshot().pools) == count - 1


def test_a_snapshot_shows_where_threads_stand(until_blocked: Any) -> None:
    event = threading.Event()

    def stand_here() -> None:
        event.wait()

    threads = started(1, stand_here)
    until_blocked(threads)
    snapshot = diagnostics.snapshot()
    event.set()
    join(threads)
    (waiter,) = [one for one in snapshot.threads if one.native_id == threads[0].native_id]
    functions = [frame.function for frame in waiter.stack]
    assert any(function.endswith("stand_here") for function in functions), functions
    assert len(waiter.stack) <= 32


def test_everything_becomes_json(until_blocked: Any) -> None:
    tasks: Any = queue.Queue()
    with ThreadPoolExecutor(1) as executor:
        executor.submit(int).result()
        threads = started(1, tasks.get)
        until_blocked(threads)
        found = json.loads(diagnostics.snapshot().to_json())
        tasks.put(None)
        join(threads)
    assert found["missed"] == 0
    assert set(found["queues"][0]) >= {"depth", "maxsize", "unfinished", "high_water", "getters", "putters", "joiners"}
    assert set(found["pools"][0]) == {"object", "max_workers", "workers", "idle", "backlog", "is_shut_down"}
