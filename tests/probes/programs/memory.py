"""Making, using and dropping objects leaves nothing behind, in the interpreter's memory or in ours."""

import contextlib
import gc
import queue
import threading
from collections.abc import Callable

import harness

# More than the allocator's noise, less than a lost word (or, in the slow rounds, a lost wait) for each round.
LIMIT = 1024 * 1024
WARM_UP, ROUNDS = 20_000, 200_000
SLOW_WARM_UP, SLOW_ROUNDS = 1_000, 15_000
LOOKS = 5


def make_all() -> None:
    """One of each kind."""
    threading.Lock()
    threading.RLock()
    threading.Condition()
    threading.Event()
    threading.Semaphore()
    threading.BoundedSemaphore()
    threading.Barrier(2)
    queue.Queue().put(None)
    queue.SimpleQueue().put(None)


def use_queue(
    items: queue.Queue = queue.Queue(),
    simple: queue.SimpleQueue = queue.SimpleQueue(),
) -> None:
    """Puts, gets and fails to get."""
    simple.put(object())
    simple.get()
    items.put(object())
    items.get()
    items.task_done()
    with contextlib.suppress(queue.Empty):
        items.get(False)


def let_waits_expire(
    event: threading.Event = threading.Event(),
    condition: threading.Condition = threading.Condition(),
    semaphore: threading.Semaphore = threading.Semaphore(0),
    items: queue.Queue = queue.Queue(),
) -> None:
    """Waits that time out at once."""
    event.wait(0.00001)
    semaphore.acquire(timeout=0.00001)
    with condition:
        condition.wait(0.00001)
    with contextlib.suppress(queue.Empty):
        items.get(timeout=0.00001)


def make_thread() -> None:
    """A thread that uses a lock and an event."""
    event, lock = threading.Event(), threading.Lock()

    def work() -> None:
        with lock:
            event.set()

    thread = threading.Thread(target=work)
    thread.start()
    event.wait()
    thread.join()


def resident() -> int:
    """The bytes of memory that the process has in use."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096


def growth(function: Callable[[], None], warm_up: int, rounds: int) -> int:
    """By how many bytes the process grows while the function is called again and again."""
    for _ in range(warm_up):
        function()
    gc.collect()
    before = resident()
    for _ in range(rounds):
        function()
    gc.collect()
    return resident() - before


Function = tuple[Callable[[], None], int, int]


def measure(*functions: Function) -> None:
    """Measures each function, given with its rounds before and in the measurement."""
    harness.start()
    share = 1.0 if harness.IS_RADDLE else 0.2
    for function, warm_up, rounds in functions:
        warm_up, rounds = int(warm_up * share), int(rounds * share)
        grown = growth(function, warm_up, rounds)
        print(f"{function.__name__:18} {grown / 1024:8.0f} KiB in {rounds} rounds")
        # A leak grows with the rounds, whenever one looks; the allocator's whims come to an end.
        looks = (growth(function, 0, rounds) for _ in range(LOOKS))
        assert grown < LIMIT or any(look < LIMIT for look in looks), f"{function.__name__} leaks"


if __name__ == "__main__":
    measure(
        (make_all, WARM_UP, ROUNDS),
        (use_queue, WARM_UP, ROUNDS),
        (let_waits_expire, SLOW_WARM_UP, SLOW_ROUNDS),
        (make_thread, SLOW_WARM_UP, SLOW_ROUNDS),
    )
