"""Children of a parent whose pools are idle, busy and full use these pools, and futures that others wait for.

Usage: ``forked_pool.py COUNT``. The forks come from the main thread, from another one, and from a worker in the middle
of a task; every other child ends through the interpreter's own exit.
"""

import faulthandler
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from typing import Any

import harness
from forked import CHILD_TIME_BOX, SHORT, fork


class Shared:
    """What the parent's threads use while it forks."""

    def __init__(self) -> None:
        """Makes a pool for each role, and futures that threads wait for."""
        self.finish = threading.Event()
        self.idle = ThreadPoolExecutor(2)
        self.idle.submit(abs, -1).result()
        self.full = ThreadPoolExecutor(1)
        self.full_tasks = [self.full.submit(self.finish.wait) for _ in range(3)]
        self.busy = ThreadPoolExecutor(2)
        self.unused = ThreadPoolExecutor(2)
        self.closed = ThreadPoolExecutor(1)
        self.closed.submit(abs, -1).result()
        self.closed.shutdown()
        self.forking = ThreadPoolExecutor(1)
        self.pending = [Future() for _ in range(4)]
        self.called: list[Future] = []
        self.pending[0].add_done_callback(self.called.append)
        self.opened: Future = Future()
        with self.opened._condition:
            pass
        self.done: Future = Future()
        self.done.set_result("done")
        self.stop = False
        self.users: list[threading.Thread] = []

    def start(self) -> None:
        """Starts the threads that wait, and those that are busy."""
        waiting = [
            harness.start_thread(function)
            for function in (
                self.pending[0].result,
                lambda: wait(self.pending),
                lambda: list(as_completed(self.pending)),
                self.opened.result,
            )
        ]
        harness.wait_until_blocked(waiting)
        self.users = [harness.start_thread(self.keep_busy) for _ in range(2)]

    def keep_busy(self) -> None:
        """Submits and waits all the time."""
        while not self.stop:
            futures = [self.busy.submit(abs, -number) for number in range(10)]
            assert wait(futures, harness.TIME_BOX).not_done == set()
            assert len(list(self.busy.map(abs, range(5)))) == 5

    def end(self) -> None:
        """Lets the parent's own tasks end: no fork has taken anything from them."""
        self.stop = True
        harness.join_all(self.users)
        self.finish.set()
        for future in self.full_tasks:
            assert future.result(harness.TIME_BOX)
        for future in self.pending:
            future.set_result(None)
        self.opened.set_result(None)
        for pool in (self.idle, self.full, self.busy, self.forking, self.unused):
            pool.shutdown()


def check_futures(shared: Shared) -> None:
    """Inherited futures are as they were; threads that waited for them do not exist here and hinder nobody."""
    assert shared.done.result(0) == "done"
    assert wait([shared.done, *shared.pending], SHORT).done == {shared.done}
    try:
        shared.pending[0].result(SHORT)
    except TimeoutError:
        pass
    else:
        raise AssertionError("a pending future had a result")
    thread = harness.start_thread(lambda: [future.set_result("child") for future in shared.pending], daemon=False)
    assert wait(shared.pending, CHILD_TIME_BOX).not_done == set()
    assert len(list(as_completed(shared.pending, CHILD_TIME_BOX))) == 4
    thread.join()
    assert shared.called == [shared.pending[0]]
    shared.opened.set_result("child")
    assert shared.opened.result(CHILD_TIME_BOX) == "child"


def check_pool(pool: ThreadPoolExecutor) -> None:
    """A pool takes tasks and shuts down."""
    assert pool.submit(abs, -5).result(CHILD_TIME_BOX) == 5
    futures = [pool.submit(abs, -number) for number in range(30)]
    assert wait(futures, CHILD_TIME_BOX).not_done == set()
    assert sorted(future.result() for future in as_completed(futures)) == list(range(30))
    assert list(pool.map(abs, range(-5, 0))) == [5, 4, 3, 2, 1]
    pool.shutdown()
    try:
        pool.submit(int)
    except RuntimeError:
        pass
    else:
        raise AssertionError("a pool that was shut down takes tasks")


def check_child(shared: Shared) -> None:
    """Everything that must hold in a child."""
    faulthandler.dump_traceback_later(CHILD_TIME_BOX, exit=True)
    signal.alarm(int(CHILD_TIME_BOX) + 5)
    assert threading.active_count() == 1
    check_pool(ThreadPoolExecutor(2))
    check_pool(shared.unused)
    check_futures(shared)
    try:
        shared.closed.submit(int)
    except RuntimeError:
        pass
    else:
        raise AssertionError("a pool that was shut down takes tasks")
    if harness.IS_RADDLE:
        # On stock a pool counts on the workers that it had, and the tasks wait for ever.
        assert [future.done() for future in shared.full_tasks] == [False] * 3
        for pool in (shared.idle, shared.full, shared.busy):
            check_pool(pool)
        # What the parent has submitted is the parent's to do.
        assert [future.done() for future in shared.full_tasks] == [False] * 3
    faulthandler.cancel_dump_traceback_later()


def fork_once(shared: Shared, number: int) -> None:
    """Forks, and asserts that the child ended well."""
    process = fork()
    if process == 0:
        try:
            check_child(shared)
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
        if number % 2:
            os._exit(0)
        raise SystemExit(0)
    statuses: list[int] = []

    def ended() -> bool:
        found, status = os.waitpid(process, os.WNOHANG)
        if found:
            statuses.append(status)
        return bool(statuses)

    harness.wait_until(ended, f"the end of child {number}")
    assert statuses == [0], f"child {number} ended with {os.waitstatus_to_exitcode(statuses[0])}"


def in_thread(function: Callable[[], Any]) -> None:
    """Calls a function in another thread and raises what it raises."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            function()
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert not failures, failures


def main(count: int) -> None:
    """Forks ``count`` times while the threads run."""
    harness.start(watchdog=False)
    shared = Shared()
    shared.start()
    for number in range(count):
        if number % 3 == 0:
            fork_once(shared, number)
        elif number % 3 == 1:
            in_thread(lambda number=number: fork_once(shared, number))
        else:
            # The child of a worker ends at once: its main thread is in the middle of a task.
            shared.forking.submit(fork_once, shared, number | 1).result(harness.TIME_BOX)
    shared.end()
    print(count)


if __name__ == "__main__":
    main(int(sys.argv[1]))
