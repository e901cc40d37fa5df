"""The main thread ends while daemon threads are blocked in our calls, in Python code below them, or busy in them.

Usage: ``exit_blocked.py CASE``, or without a case to list them. The process must end with exit code 0 and say nothing.
"""

import queue
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import harness

THREADS = 3
TIMEOUT = 600.0


class Inside:
    """Counts the threads that have come to Python code below one of our calls, and keeps them there."""

    def __init__(self) -> None:
        """Nobody is there yet."""
        # A list, since threads that add to one number at the same time lose some of it on a free-threaded build.
        self.arrived: list[None] = []

    def sleep(self, *_: object) -> bool:
        """Stays in a sleep."""
        self.arrived.append(None)
        while True:
            time.sleep(TIMEOUT)

    def loop(self, *_: object) -> bool:
        """Stays in Python code that takes the interpreter's lock again and again."""
        self.arrived.append(None)
        while True:
            time.sleep(0)


def blocked_in(function: Callable[[], Any]) -> None:
    """Ends while threads are blocked in ``function``."""
    threads = [harness.start_thread(function) for _ in range(THREADS)]
    harness.wait_until_blocked(threads)


def python_below(inside: Inside, function: Callable[[], Any], threads: int = 1) -> None:
    """Ends while ``threads`` threads are in Python code that our call has called."""
    for _ in range(threads):
        harness.start_thread(function)
    harness.wait_until(lambda: len(inside.arrived) >= threads, "Python code below our call")


def busy(*functions: Callable[[], Any]) -> None:
    """Ends while threads call the functions all the time."""
    counts = [0] * len(functions)

    def repeat(index: int, function: Callable[[], Any]) -> None:
        while True:
            function()
            counts[index] += 1

    for index, function in enumerate(functions):
        harness.start_thread(repeat, index, function)
    harness.wait_until(lambda: all(count > 20 for count in counts), "busy threads")


def locked(lock: Any) -> Any:
    """A lock that is taken."""
    lock.acquire()
    return lock


def enter(context: Any) -> None:
    """Enters a context."""
    with context:
        pass


def wait_in(condition: threading.Condition, *arguments: Any) -> None:
    """Waits for a condition."""
    with condition:
        condition.wait(*arguments)


def full_queue() -> queue.Queue:
    """A queue without a free place."""
    full: queue.Queue = queue.Queue(1)
    full.put("item")
    return full


def try_get(subject: queue.Queue) -> None:
    """Gets with a timeout that mostly expires."""
    try:
        subject.get(timeout=0.0005)
    except queue.Empty:
        pass


def unfinished_queue() -> queue.Queue:
    """A queue with a task that nobody does."""
    unfinished: queue.Queue = queue.Queue()
    unfinished.put("task")
    return unfinished


def wait_for_predicate(body: str) -> None:
    """A predicate of wait_for that does not return."""
    inside, condition = Inside(), threading.Condition()

    def wait() -> None:
        with condition:
            condition.wait_for(getattr(inside, body))

    python_below(inside, wait)


def barrier_action(body: str) -> None:
    """A barrier's action that does not return, while another thread waits at the barrier."""
    inside = Inside()
    barrier = threading.Barrier(2, action=getattr(inside, body))
    harness.start_thread(barrier.wait)
    python_below(inside, barrier.wait)


def queue_hook(body: str) -> None:
    """A queue's hook that does not return, while another thread wants the queue."""
    inside = Inside()

    class Hooked(queue.Queue):
        def _put(self, item: object) -> None:
            getattr(inside, body)()

    hooked = Hooked()
    python_below(inside, lambda: hooked.put("item"))
    blocked_in(hooked.get)


def foreign_lock(body: str) -> None:
    """A Condition's foreign lock whose acquire does not return."""
    inside = Inside()

    class Foreign(harness.PythonLock):
        def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
            return bool(getattr(inside, body)())

    condition = threading.Condition(Foreign())
    python_below(inside, condition.acquire)
    python_below(inside, lambda: enter(condition), 2)


def item_comparison(body: str) -> None:
    """A comparison of items in a PriorityQueue that does not return."""
    inside = Inside()

    class Item:
        def __lt__(self, other: object) -> bool:
            return bool(getattr(inside, body)())

    ordered: queue.PriorityQueue = queue.PriorityQueue()
    ordered.put(Item())
    python_below(inside, lambda: ordered.put(Item()))


def finalizer_of_item(drop: Callable[[Any], Any], kind: Callable[[], Any] = queue.Queue) -> None:
    """A finalizer of an item, run by the queue that drops it, that does not return."""
    inside = Inside()

    class Item:
        def __del__(self) -> None:
            inside.loop()

    def use() -> None:
        held = kind()
        held.put(Item())
        drop(held)
        del held

    python_below(inside, use)


def finalizer_of_action() -> None:
    """A finalizer of a barrier's action, run when the barrier goes, that does not return."""
    inside = Inside()

    class Action:
        def __call__(self) -> None:
            pass

        def __del__(self) -> None:
            inside.loop()

    def use() -> None:
        threading.Barrier(1, Action()).wait()

    python_below(inside, use)


def drop_nothing(_: queue.Queue) -> None:
    """Leaves the item to the end of the queue."""


def drop_by_shutdown(held: queue.Queue) -> None:
    """Drops the item at once, where queues can be shut down."""
    if hasattr(held, "shutdown"):
        held.shutdown(immediate=True)


def contended_lock() -> None:
    """Several threads that fight for one lock."""
    lock = threading.Lock()
    busy(*[lambda: enter(lock)] * 4)


def queue_traffic() -> None:
    """Threads that pass items."""
    items: queue.Queue = queue.Queue(2)
    busy(lambda: items.put("item"), items.get, items.get, lambda: items.put("item"))


def expiring_waits() -> None:
    """Threads whose waits expire all the time, also while the interpreter ends."""
    items: queue.Queue = queue.Queue()
    event, condition, semaphore = threading.Event(), threading.Condition(), threading.Semaphore(0)
    lock = locked(threading.Lock())
    busy(
        lambda: try_get(items),
        lambda: event.wait(0.0005),
        lambda: wait_in(condition, 0.0005),
        lambda: semaphore.acquire(timeout=0.0005),
        lambda: lock.acquire(timeout=0.0005),
    )


def woken_at_exit() -> None:
    """Threads that are woken at the very moment at which the main thread ends."""
    event, items, lock = threading.Event(), queue.Queue(), locked(threading.Lock())
    threads = [harness.start_thread(function) for function in (event.wait, items.get, lock.acquire)]
    harness.wait_until_blocked(threads)
    event.set()
    items.put("item")
    lock.release()


def all_at_once() -> None:
    """Threads at every place, but for the busy ones, which would keep the others from getting there."""
    for leave in CASES.values():
        if leave not in (all_at_once, contended_lock, queue_traffic, expiring_waits):
            leave()


CASES: dict[str, Callable[[], None]] = {
    "Lock.acquire()": lambda: blocked_in(locked(threading.Lock()).acquire),
    "Lock.acquire(timeout)": lambda: blocked_in(lambda lock=locked(threading.Lock()): lock.acquire(True, TIMEOUT)),
    "with Lock": lambda: blocked_in(lambda lock=locked(threading.Lock()): enter(lock)),
    "RLock.acquire()": lambda: blocked_in(locked(threading.RLock()).acquire),
    "Condition.wait()": lambda: blocked_in(lambda condition=threading.Condition(): wait_in(condition)),
    "Condition.wait(timeout)": lambda: blocked_in(lambda condition=threading.Condition(): wait_in(condition, TIMEOUT)),
    "Condition(Python lock).wait()": lambda: blocked_in(
        lambda condition=threading.Condition(harness.PythonLock()): wait_in(condition)
    ),
    "Event.wait()": lambda: blocked_in(threading.Event().wait),
    "Event.wait(timeout)": lambda: blocked_in(lambda event=threading.Event(): event.wait(TIMEOUT)),
    "Semaphore.acquire()": lambda: blocked_in(threading.Semaphore(0).acquire),
    "Barrier.wait()": lambda: blocked_in(threading.Barrier(THREADS + 1).wait),
    "Queue.get()": lambda: blocked_in(queue.Queue().get),
    "Queue.get(timeout)": lambda: blocked_in(lambda items=queue.Queue(): items.get(timeout=TIMEOUT)),
    "Queue.put()": lambda: blocked_in(lambda full=full_queue(): full.put("item")),
    "Queue.join()": lambda: blocked_in(unfinished_queue().join),
    "Queue.get() with hooks": lambda: blocked_in(harness.PythonQueue().get),
    "SimpleQueue.get()": lambda: blocked_in(queue.SimpleQueue().get),
    "Thread.join()": lambda: blocked_in(harness.start_thread(threading.Event().wait).join),
    "wait_for, the predicate sleeps": lambda: wait_for_predicate("sleep"),
    "wait_for, the predicate loops": lambda: wait_for_predicate("loop"),
    "Barrier, the action sleeps": lambda: barrier_action("sleep"),
    "Barrier, the action loops": lambda: barrier_action("loop"),
    "Queue, the hook sleeps": lambda: queue_hook("sleep"),
    "Queue, the hook loops": lambda: queue_hook("loop"),
    "Condition, the foreign lock sleeps": lambda: foreign_lock("sleep"),
    "Condition, the foreign lock loops": lambda: foreign_lock("loop"),
    "PriorityQueue, the comparison loops": lambda: item_comparison("loop"),
    "Queue that goes, the item's finalizer loops": lambda: finalizer_of_item(drop_nothing),
    "Queue shut down, the item's finalizer loops": lambda: finalizer_of_item(drop_by_shutdown),
    "SimpleQueue that goes, the item's finalizer loops": lambda: finalizer_of_item(drop_nothing, queue.SimpleQueue),
    "Queue.get(), the item's finalizer loops": lambda: finalizer_of_item(queue.Queue.get),
    "Barrier that goes, the action's finalizer loops": finalizer_of_action,
    "busy with a lock": contended_lock,
    "busy with a queue": queue_traffic,
    "busy with waits that expire": expiring_waits,
    "woken at exit": woken_at_exit,
    "all at once": all_at_once,
}

if __name__ == "__main__":
    if len(sys.argv) == 1:
        print(*CASES, sep="\n")
    else:
        harness.start()
        CASES[sys.argv[1]]()
