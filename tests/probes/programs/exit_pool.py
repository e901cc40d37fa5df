"""The main thread ends while a pool has tasks, or while somebody still wants it to have some.

Usage: ``exit_pool.py CASE``, or without a case to list them. What must be printed stands in the test.
"""

import atexit
import gc
import sys
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from typing import Any

import harness

# Keeps what must be there to the end.
KEPT: list[Any] = []


def say(*words: object) -> None:
    """Prints a line at once."""
    print(*words, flush=True)


def at_the_end_of_main(function: Callable[[], Any]) -> None:
    """Has a function called when the main thread has ended, before the pool's threads are joined."""
    threading._register_atexit(function)


def held_pool(workers: int = 1) -> tuple[ThreadPoolExecutor, threading.Event]:
    """A pool whose workers are in tasks until the main thread has ended."""
    pool, go, begun = ThreadPoolExecutor(workers), threading.Event(), threading.Semaphore(0)
    for _ in range(workers):
        pool.submit(lambda: (begun.release(), go.wait(harness.TIME_BOX)))
    for _ in range(workers):
        begun.acquire()
    at_the_end_of_main(go.set)
    return pool, go


def pending_tasks() -> None:
    """All tasks run, in order."""
    pool, _ = held_pool()
    KEPT.append(pool)
    for number in range(5):
        pool.submit(say, "task", number)
    say("main ends")


def pending_tasks_of_a_dropped_pool() -> None:
    """The same when nobody has the pool any more."""
    pool, _ = held_pool()
    for number in range(5):
        pool.submit(say, "task", number)
    alive = weakref.ref(pool)
    del pool
    gc.collect()
    say("dropped", alive() is None)


def pending_tasks_after_shutdown() -> None:
    """The same after ``shutdown(wait=False)``."""
    pool, _ = held_pool()
    for number in range(3):
        pool.submit(say, "task", number)
    pool.shutdown(wait=False)
    say("main ends")


def cancelled_by_shutdown() -> None:
    """After ``shutdown(cancel_futures=True)`` only what had begun goes on."""
    pool, _ = held_pool(2)
    futures = [pool.submit(say, "task", number) for number in range(3)]
    pool.shutdown(wait=False, cancel_futures=True)
    say([future.cancelled() for future in futures])


def failing_main() -> None:
    """The tasks run although the program ends by an exception that says how."""
    pool, _ = held_pool()
    KEPT.append(pool)
    pool.submit(say, "task")
    sys.exit(3)


def results_at_exit() -> None:
    """An exit handler finds all results."""
    pool, _ = held_pool(3)
    futures = [pool.submit(abs, -number) for number in range(100)]
    atexit.register(lambda: say(sum(future.result(0) for future in futures)))


def submit_from_exit_handler() -> None:
    """The pool is closed then."""

    def submit() -> None:
        try:
            pool.submit(say, "task")
        except RuntimeError as error:
            say(type(error).__name__, error)

    pool = ThreadPoolExecutor(1)
    say(pool.submit(abs, -1).result())
    atexit.register(submit)


def new_pool_in_exit_handler() -> None:
    """A new pool takes no task either."""

    def submit() -> None:
        try:
            ThreadPoolExecutor(1).submit(say, "task")
        except RuntimeError as error:
            say(type(error).__name__, error)

    atexit.register(submit)


def submit_from_task() -> None:
    """A task that is still running cannot submit."""

    def submit() -> None:
        try:
            pool.submit(say, "second")
        except RuntimeError as error:
            say(type(error).__name__, error)

    pool, _ = held_pool()
    KEPT.append(pool)
    # It waits for the flag that the end of the main thread sets.
    module = sys.modules["concurrent.futures.thread"]
    pool.submit(lambda: (harness.wait_until(lambda: module._shutdown, "the flag"), submit()))


def submit_from_thread() -> None:
    """A thread that outlives the main one, and is no daemon, cannot submit either."""
    pool = ThreadPoolExecutor(1)
    KEPT.append(pool)
    module = sys.modules["concurrent.futures.thread"]

    def run() -> None:
        harness.wait_until(lambda: module._shutdown, "the flag")
        try:
            pool.submit(say, "task")
        except RuntimeError as error:
            say(type(error).__name__, error)

    harness.start_thread(run, daemon=False)


def waiting_threads() -> None:
    """Threads that are no daemons wait for tasks in every way; all are served."""
    pool, _ = held_pool()
    futures = [pool.submit(abs, -number) for number in range(10)]
    results: list[Any] = []
    threads = [
        harness.start_thread(lambda: results.append(sum(future.result() for future in futures)), daemon=False),
        harness.start_thread(lambda: results.append(len(wait(futures).done)), daemon=False),
        harness.start_thread(lambda: results.append(len(list(as_completed(futures)))), daemon=False),
    ]
    harness.wait_until_blocked(threads)
    atexit.register(lambda: say(sorted(results)))


def pool_in_a_cycle() -> None:
    """A pool that only a cycle with its own task's future keeps."""
    pool, _ = held_pool()
    future = pool.submit(say, "task")
    future.pool = pool
    pool.future = future
    del pool, future
    say("main ends")


def callbacks_at_exit() -> None:
    """Callbacks of tasks that end then are called."""
    pool, _ = held_pool()
    KEPT.append(pool)
    future = pool.submit(abs, -5)
    future.add_done_callback(lambda f: say("callback", f.result(0)))


def pool_made_by_a_task() -> None:
    """A task of one pool waits for a task of another one."""
    pool, _ = held_pool()
    inner, _ = held_pool()
    KEPT.extend([pool, inner])
    future = inner.submit(abs, -5)
    pool.submit(lambda: say("inner", future.result(harness.TIME_BOX)))


def idle_pools() -> None:
    """Many pools without a task hold nothing up."""
    pools = [ThreadPoolExecutor(2) for _ in range(10)]
    KEPT.extend(pools)
    say(sum(pool.submit(abs, -1).result() for pool in pools))


def ended_by_hand() -> None:
    """Programs call what the interpreter calls at exit, to have the workers joined earlier."""
    pool = ThreadPoolExecutor(2)
    futures = [pool.submit(abs, -number) for number in range(50)]
    sys.modules["concurrent.futures.thread"]._python_exit()
    say([future.done() for future in futures].count(True), [t.is_alive() for t in pool._threads].count(True))
    try:
        pool.submit(say, "task")
    except RuntimeError as error:
        say(type(error).__name__, error)


def process_of_daemons() -> None:
    """A daemon thread waits for ever for a future of a pool that has ended."""
    pool, _ = held_pool()
    never: Future = Future()
    thread = harness.start_thread(never.result)
    harness.wait_until_blocked([thread])
    pool.submit(say, "task")


CASES: dict[str, Callable[[], None]] = {
    "pending tasks": pending_tasks,
    "pending tasks of a dropped pool": pending_tasks_of_a_dropped_pool,
    "pending tasks after shutdown": pending_tasks_after_shutdown,
    "cancelled by shutdown": cancelled_by_shutdown,
    "failing main": failing_main,
    "results at exit": results_at_exit,
    "submit from an exit handler": submit_from_exit_handler,
    "new pool in an exit handler": new_pool_in_exit_handler,
    "submit from a task": submit_from_task,
    "submit from a thread": submit_from_thread,
    "waiting threads": waiting_threads,
    "pool in a cycle": pool_in_a_cycle,
    "callbacks at exit": callbacks_at_exit,
    "pool that waits for a pool": pool_made_by_a_task,
    "idle pools": idle_pools,
    "ended by hand": ended_by_hand,
    "daemon beside a pool": process_of_daemons,
}

if __name__ == "__main__":
    if len(sys.argv) == 1:
        print(*CASES, sep="\n")
    else:
        harness.start()
        CASES[sys.argv[1]]()
