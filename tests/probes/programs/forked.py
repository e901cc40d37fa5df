"""Children of a busy multi-threaded parent use every primitive, fresh and inherited.

Usage: ``forked.py COUNT``. Every other fork comes from a thread that is not the main one, and every other child ends
through the interpreter's own exit.
"""

import faulthandler
import os
import queue
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import harness

CHILD_TIME_BOX = 30.0
SHORT = 0.01


class Shared:
    """What the parent's threads use while it forks."""

    def __init__(self) -> None:
        """Makes one object of each kind for each role."""
        # Threads are blocked in these, and nobody else touches them.
        self.idle_queue: queue.Queue = queue.Queue()
        self.full_queue: queue.Queue = queue.Queue(1)
        self.full_queue.put("first")
        self.unfinished_queue: queue.Queue = queue.Queue()
        self.unfinished_queue.put("task")
        self.idle_event = threading.Event()
        self.idle_condition = threading.Condition()
        self.idle_semaphore = threading.Semaphore(0)
        self.idle_barrier = threading.Barrier(3)
        self.taken_lock = threading.Lock()
        self.taken_lock.acquire()
        # These are used all the time.
        self.busy_queue: queue.Queue = queue.Queue()
        self.busy_bounded_queue: queue.Queue = queue.Queue(2)
        self.busy_event = threading.Event()
        self.busy_condition = threading.Condition()
        self.busy_semaphore = threading.Semaphore(2)
        self.busy_lock = threading.Lock()
        self.busy_rlock = threading.RLock()
        # Nobody uses these.
        self.free_lock = threading.Lock()
        self.free_rlock = threading.RLock()
        self.free_condition = threading.Condition()
        # The forking thread holds these.
        self.own_lock = threading.Lock()
        self.own_rlock = threading.RLock()

    def start(self) -> None:
        """Starts the parent's threads."""
        idle = [
            self.idle_queue.get,
            lambda: self.full_queue.put("second"),
            self.unfinished_queue.join,
            self.idle_event.wait,
            self.wait_in_condition,
            self.idle_semaphore.acquire,
            self.idle_barrier.wait,
            self.taken_lock.acquire,
        ]
        threads = [harness.start_thread(function) for function in [*idle, *idle[:-2]]]
        harness.wait_until_blocked(threads)
        for function in (self.use_queue, self.use_bounded_queue, self.use_events, self.use_locks):
            for _ in range(2):
                harness.start_thread(repeat, function)

    def wait_in_condition(self) -> None:
        """Blocks in the idle condition."""
        with self.idle_condition:
            self.idle_condition.wait()

    def use_queue(self) -> None:
        """Puts and gets."""
        self.busy_queue.put("item")
        self.busy_queue.get()

    def use_bounded_queue(self) -> None:
        """Puts and gets, so that getters and putters block now and then."""
        self.busy_bounded_queue.put("item")
        self.busy_bounded_queue.put("item")
        self.busy_bounded_queue.get()
        self.busy_bounded_queue.get()

    def use_events(self) -> None:
        """Sets, waits, clears, notifies."""
        self.busy_event.set()
        self.busy_event.wait()
        self.busy_event.clear()
        self.busy_event.wait(0.0001)
        with self.busy_condition:
            self.busy_condition.notify()
            self.busy_condition.wait(0.0001)

    def use_locks(self) -> None:
        """Takes and gives back."""
        with self.busy_lock:
            pass
        with self.busy_rlock, self.busy_rlock:
            pass
        with self.busy_semaphore:
            pass


def repeat(function: Callable[[], Any]) -> None:
    """Calls a function for ever, and lets others run."""
    while True:
        for _ in range(20):
            function()
        time.sleep(0.0002)


def check_fresh() -> None:
    """Objects made in the child work, across threads of the child."""
    items: queue.Queue = queue.Queue(1)
    event, condition, semaphore = threading.Event(), threading.Condition(), threading.Semaphore(0)
    barrier, lock, results = threading.Barrier(2), threading.RLock(), []

    def other() -> None:
        barrier.wait()
        event.wait()
        item = items.get()
        with condition:
            results.append(item)
            condition.notify()
        semaphore.acquire()
        with lock:
            results.append("locked")

    thread = harness.start_thread(other, daemon=False)
    barrier.wait()
    event.set()
    with condition:
        items.put("item")
        assert condition.wait_for(lambda: results, CHILD_TIME_BOX)
    with lock:
        semaphore.release()
    thread.join()
    assert results == ["item", "locked"]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(abs, [-1, -2, -3])) == [1, 2, 3]


def check_inherited_idle(shared: Shared) -> None:
    """Objects in which threads of the parent are blocked: those threads no longer exist and get nothing."""
    shared.idle_queue.put("item")
    assert shared.idle_queue.get(timeout=CHILD_TIME_BOX) == "item"
    assert shared.idle_queue.empty()
    assert shared.full_queue.get(False) == "first"
    assert shared.full_queue.empty()
    shared.full_queue.put("third", False)
    assert shared.full_queue.get(False) == "third"
    shared.unfinished_queue.task_done()
    shared.unfinished_queue.join()
    assert not shared.idle_event.is_set()
    shared.idle_event.set()
    assert shared.idle_event.wait(CHILD_TIME_BOX)
    with shared.idle_condition:
        shared.idle_condition.notify_all()
        assert not shared.idle_condition.wait(SHORT)
    notified_by_thread(shared.idle_condition)
    assert not shared.idle_semaphore.acquire(timeout=SHORT)
    shared.idle_semaphore.release()
    assert shared.idle_semaphore.acquire(False)
    shared.idle_barrier.abort()
    shared.taken_lock.release()
    assert shared.taken_lock.acquire(False)


def check_inherited_free(shared: Shared) -> None:
    """What was free in the parent is free here, and what the forking thread held it still holds."""
    for lock in (shared.free_lock, shared.free_rlock, shared.free_condition):
        assert lock.acquire(False)
        lock.release()
    assert shared.own_lock.locked()
    shared.own_lock.release()
    assert shared.own_lock.acquire(False)
    assert shared.own_rlock._is_owned()
    shared.own_rlock.release()
    assert not shared.own_rlock._is_owned()


def check_inherited_busy(shared: Shared) -> None:
    """Objects that the parent's threads were just using.

    On stock a vanished thread may hold the lock inside such an object for ever. Ours are never caught half-changed.
    """
    for items in (shared.busy_queue, shared.busy_bounded_queue):
        while not items.empty():
            items.get(False)
        items.put("item", timeout=CHILD_TIME_BOX)
        assert items.get(timeout=CHILD_TIME_BOX) == "item"
    shared.busy_event.set()
    assert shared.busy_event.wait(CHILD_TIME_BOX)
    shared.busy_event.clear()
    assert not shared.busy_event.wait(SHORT)
    shared.busy_semaphore.release()
    assert shared.busy_semaphore.acquire(timeout=CHILD_TIME_BOX)


def check_reinitialised(shared: Shared) -> None:
    """A lock that a vanished thread may hold is free after ``_at_fork_reinit``."""
    for lock in (shared.busy_lock, shared.busy_rlock, shared.busy_condition, shared.idle_condition):
        lock._at_fork_reinit()
        assert lock.acquire(False)
        lock.release()
    shared.idle_event._at_fork_reinit()
    assert shared.idle_event.wait(CHILD_TIME_BOX)
    notified_by_thread(shared.busy_condition)


def notified_by_thread(condition: threading.Condition) -> None:
    """A thread of the child can wake its parent through an inherited condition."""

    def notify() -> None:
        with condition:
            condition.notify()

    with condition:
        thread = harness.start_thread(notify, daemon=False)
        assert condition.wait(CHILD_TIME_BOX)
    thread.join()


def check_child(shared: Shared) -> None:
    """Everything that must hold in a child."""
    faulthandler.dump_traceback_later(CHILD_TIME_BOX, exit=True)
    signal.alarm(int(CHILD_TIME_BOX) + 5)
    assert threading.active_count() == 1
    assert threading.current_thread() is threading.main_thread()
    if harness.IS_RADDLE:
        check_inherited_busy(shared)
    check_inherited_free(shared)
    check_inherited_idle(shared)
    check_fresh()
    check_reinitialised(shared)
    faulthandler.cancel_dump_traceback_later()


def fork_once(shared: Shared, number: int) -> None:
    """Forks, and asserts that the child ended well."""
    with shared.own_rlock, shared.own_lock:
        process = fork()
        if process == 0:
            run_child(shared, number)
        statuses = []

        def ended() -> bool:
            found, status = os.waitpid(process, os.WNOHANG)
            if found:
                statuses.append(status)
            return bool(statuses)

        harness.wait_until(ended, f"the end of child {number}")
        assert statuses == [0], f"child {number} ended with {os.waitstatus_to_exitcode(statuses[0])}"


def fork() -> int:
    """Forks without the warning that newer versions give to a process with threads, which is the point here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def run_child(shared: Shared, number: int) -> None:
    """Runs the checks and ends the child, every other time through the interpreter's own exit."""
    try:
        check_child(shared)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    if number % 2:
        os._exit(0)
    # The locks that the statements below us hold are given back on the way out; take them as they expect.
    shared.own_rlock.acquire()
    raise SystemExit(0)


def main(count: int) -> None:
    """Forks ``count`` times while the threads run."""
    harness.start(watchdog=False)
    shared = Shared()
    shared.start()
    for number in range(count):
        if number % 4 < 2:
            fork_once(shared, number)
        else:
            failures: list[BaseException] = []

            def fork_in_thread(number: int = number, failures: list[BaseException] = failures) -> None:
                try:
                    fork_once(shared, number)
                except Exception as error:
                    failures.append(error)

            thread = threading.Thread(target=fork_in_thread)
            thread.start()
            thread.join()
            assert not failures, failures
    print(count)


if __name__ == "__main__":
    main(int(sys.argv[1]))
