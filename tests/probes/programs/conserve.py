"""Nothing is lost, doubled or admitted twice while threads use one object in every way at once.

Usage: ``conserve.py CASE SEED``, or without arguments to list the cases.
"""

import queue
import random
import sys
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import harness

# The standard library is slower by far, and its run only shows that the program is right.
SCALE = 1.0 if harness.IS_RADDLE else 0.05

HAS_SHUTDOWN = hasattr(queue.Queue, "shutdown")
# Comparable, for the queue that orders its items; and greater than any.
LAST = (sys.maxsize, 0)


def scaled(count: int) -> int:
    """A number of rounds for this implementation."""
    return max(20, int(count * SCALE))


class Traffic:
    """Producers and consumers that use every form of put and get on one queue."""

    def __init__(self, subject: Any, seed: int, producers: int = 3, consumers: int = 3, each: int = 8000) -> None:
        """Prepares the threads of a run."""
        self.subject = subject
        self.seed = seed
        self.counts_tasks = hasattr(subject, "task_done")
        self.each = scaled(each)
        self.put: list[Counter] = [Counter() for _ in range(producers)]
        self.got: list[Counter] = [Counter() for _ in range(consumers)]
        self.failures: list[BaseException] = []
        self.producers = [
            threading.Thread(target=self.guard, args=(self.produce, i), daemon=True) for i in range(producers)
        ]
        self.consumers = [
            threading.Thread(target=self.guard, args=(self.consume, i), daemon=True) for i in range(consumers)
        ]

    def start(self) -> None:
        """Starts all threads."""
        for thread in self.consumers + self.producers:
            thread.start()

    def guard(self, function: Callable[[int], None], index: int) -> None:
        """Keeps what a thread raises."""
        try:
            function(index)
        except BaseException as error:
            self.failures.append(error)
            raise

    def produce(self, index: int) -> None:
        """Puts numbered items until done or shut down."""
        chance = random.Random(f"{self.seed} producer {index}")
        for number in range(self.each):
            item = (index, number)
            try:
                self.put_somehow(item, chance.randrange(4))
            except Exception as error:
                if not is_shutdown(error):
                    raise
                return
            self.put[index][item] += 1

    def put_somehow(self, item: Any, way: int) -> None:
        """Puts an item in one of four ways."""
        while True:
            try:
                if way == 0:
                    self.subject.put(item)
                elif way == 1:
                    self.subject.put(item, timeout=0.0005)
                elif way == 2:
                    self.subject.put_nowait(item)
                else:
                    self.subject.put(item, True, harness.TIME_BOX)
            except queue.Full:
                way = (way + 1) % 4
            else:
                return

    def consume(self, index: int) -> None:
        """Gets items until the last one or the shutdown."""
        chance = random.Random(f"{self.seed} consumer {index}")
        while True:
            try:
                item = self.get_somehow(chance.randrange(4))
            except Exception as error:
                if not is_shutdown(error):
                    raise
                return
            if item is not LAST:
                self.got[index][item] += 1
            if self.counts_tasks:
                self.subject.task_done()
            if item is LAST:
                return

    def get_somehow(self, way: int) -> Any:
        """Gets an item in one of four ways."""
        while True:
            try:
                if way == 0:
                    return self.subject.get()
                if way == 1:
                    return self.subject.get(timeout=0.0005)
                if way == 2:
                    return self.subject.get_nowait()
                return self.subject.get(True, harness.TIME_BOX)
            except queue.Empty:
                way = (way + 1) % 4

    def finish(self) -> None:
        """Ends the consumers after the last item."""
        harness.join_all(self.producers)
        if self.counts_tasks:
            # A LIFO queue would give the last item before older ones.
            self.subject.join()
        for _ in self.consumers:
            self.subject.put(LAST)
        harness.join_all(self.consumers)
        if self.counts_tasks:
            self.subject.join()

    def totals(self) -> tuple[Counter, Counter]:
        """All items that were put and got."""
        assert not self.failures, self.failures
        return sum(self.put, Counter()), sum(self.got, Counter())

    def check_all_arrived(self) -> None:
        """Every item was got once."""
        put, got = self.totals()
        assert len(put) == self.each * len(self.producers)
        assert put == got, f"lost {put - got}, doubled {got - put}"
        assert self.subject.empty()
        assert not self.counts_tasks or self.subject.unfinished_tasks == 0


def is_shutdown(error: Exception) -> bool:
    """Whether this is the exception of a queue that was shut down."""
    return HAS_SHUTDOWN and isinstance(error, queue.ShutDown)


def traffic(make: Callable[[int], Any], each: int = 8000) -> Callable[[int], None]:
    """A case: traffic through queues of several sizes."""

    def run(seed: int) -> None:
        for size in (0, 1, 3, 64):
            run = Traffic(make(size), seed, each=each)
            run.start()
            run.finish()
            run.check_all_arrived()

    return run


def traffic_through_simple(seed: int) -> None:
    """Traffic through queues without a bound, which cannot be full."""
    for part in range(3):
        run = Traffic(queue.SimpleQueue(), seed + part)
        run.start()
        run.finish()
        run.check_all_arrived()


def traffic_in_order(seed: int, make: Callable[[int], Any] = queue.Queue) -> None:
    """One consumer gets each producer's items in the order in which they were put."""
    for size in (0, 1, 7):
        subject = make(size)
        run = Traffic(subject, seed, producers=3, consumers=1)
        order: list[tuple[int, int]] = []
        get = run.get_somehow

        def noted(way: int, get: Callable[[int], Any] = get, order: list = order) -> Any:
            item = get(way)
            order.append(item)
            return item

        run.get_somehow = noted
        run.start()
        run.finish()
        run.check_all_arrived()
        for index in range(3):
            numbers = [item[1] for item in order if item is not LAST and item[0] == index]
            assert numbers == sorted(numbers)


def traffic_while_opened(seed: int) -> None:
    """A program reaches into the queue in the middle of the traffic, as many do."""
    for size in (0, 1, 3):
        subject: queue.Queue = queue.Queue(size)
        run = Traffic(subject, seed)
        run.start()
        harness.wait_until(lambda run=run: sum(map(len, run.got)) > run.each // 4, "traffic")
        with subject.mutex:
            assert len(subject.queue) == subject._qsize()
            subject.not_empty.notify()
            subject.not_full.notify()
        run.finish()
        run.check_all_arrived()


def shutdown_after_producers(seed: int) -> None:
    """An orderly shutdown lets the consumers have every item."""
    if not HAS_SHUTDOWN:
        assert sys.version_info < (3, 13)
        return
    for size in (0, 1, 3):
        run = Traffic(queue.Queue(size), seed)
        run.start()
        harness.join_all(run.producers)
        run.subject.shutdown()
        harness.join_all(run.consumers)
        run.subject.join()
        run.check_all_arrived()


def shutdown_in_the_middle(seed: int) -> None:
    """A shutdown among the traffic: what was put was got; an immediate one may drop items but doubles none."""
    if not HAS_SHUTDOWN:
        assert sys.version_info < (3, 13)
        return
    chance = random.Random(seed)
    for size, immediate in ((0, False), (1, False), (3, False), (0, True), (1, True), (3, True)):
        run = Traffic(queue.Queue(size), seed)
        run.start()
        some = chance.randrange(1, run.each)
        harness.wait_until(lambda run=run, some=some: sum(map(len, run.got)) > some, "traffic")
        run.subject.shutdown(immediate=immediate)
        harness.join_all(run.producers + run.consumers)
        put, got = run.totals()
        assert got.keys() <= put.keys(), got - put
        assert max(got.values()) == 1
        assert immediate or put == got, put - got
        assert run.subject.empty()
        run.subject.join()


def blocked_are_released_by_shutdown(seed: int) -> None:
    """A shutdown ends every blocked get, put and join."""
    if not HAS_SHUTDOWN:
        assert sys.version_info < (3, 13)
        return
    empty, full = queue.Queue(), queue.Queue(1)
    full.put("item")
    raised: list[str] = []

    def expect(function: Callable[[], Any]) -> None:
        try:
            function()
        except queue.ShutDown:
            raised.append("shut down")

    def join() -> None:
        full.join()
        raised.append("joined")

    blocked = [harness.start_thread(expect, empty.get) for _ in range(3)]
    blocked += [harness.start_thread(expect, lambda: full.put("more")) for _ in range(3)]
    blocked += [harness.start_thread(join) for _ in range(2)]
    harness.wait_until_blocked(blocked)
    empty.shutdown()
    full.shutdown(immediate=True)
    harness.join_all(blocked)
    assert sorted(raised) == ["joined"] * 2 + ["shut down"] * 6


def semaphores_admit_no_more(seed: int) -> None:
    """Never more holders than permits, and all permits are there in the end."""
    for kind, permits in ((threading.Semaphore, 1), (threading.Semaphore, 3), (threading.BoundedSemaphore, 2)):
        semaphore = kind(permits)
        inside: list[None] = []
        most: list[int] = []

        def work(index: int, semaphore: Any = semaphore, inside: list = inside, most: list = most) -> None:
            chance = random.Random(f"{seed} {index}")
            highest = 0
            for _ in range(scaled(4000)):
                way = chance.randrange(3)
                if way == 0:
                    semaphore.acquire()
                elif (way == 1 and not semaphore.acquire(timeout=0.0005)) or (
                    way == 2 and not semaphore.acquire(False)
                ):
                    continue
                inside.append(None)
                highest = max(highest, len(inside))
                inside.pop()
                semaphore.release()
            most.append(highest)

        harness.join_all([harness.start_thread(work, index) for index in range(6)])
        assert len(most) == 6
        assert 1 <= max(most) <= permits
        assert [semaphore.acquire(False) for _ in range(permits + 1)] == [True] * permits + [False]


def release_of_many(seed: int) -> None:
    """``release(n)`` wakes n blocked threads and no more."""
    for count in (1, 2, 5):
        semaphore = threading.Semaphore(0)
        through: list[None] = []
        threads = [harness.start_thread(lambda s=semaphore, t=through: (s.acquire(), t.append(None))) for _ in range(8)]
        harness.wait_until_blocked(threads)
        semaphore.release(count)
        harness.wait_until(lambda t=through, c=count: len(t) == c, "as many threads as permits")
        harness.wait_until(
            lambda threads=threads, c=count: sum(t.is_alive() for t in threads) == 8 - c,
            "ended threads",
        )
        left = [thread for thread in threads if thread.is_alive()]
        harness.wait_until_blocked(left)
        assert len(through) == count
        semaphore.release(8 - count)
        harness.join_all(threads)
        assert not semaphore.acquire(False)


def locks_exclude(seed: int) -> None:
    """A lock has one holder at a time, however it is taken."""
    for lock in (threading.Lock(), threading.RLock(), threading.Condition()):
        totals = [0]
        expected: list[int] = []

        def work(index: int, lock: Any = lock, totals: list[int] = totals, expected: list[int] = expected) -> None:
            chance = random.Random(f"{seed} {index}")
            mine = 0
            for _ in range(scaled(20000)):
                way = chance.randrange(4)
                if way == 0:
                    with lock:
                        totals[0] += 1
                    mine += 1
                    continue
                if way == 1 and not lock.acquire(False):
                    continue
                if way == 2 and not lock.acquire(True, 0.0005):
                    continue
                if way == 3:
                    lock.acquire()
                before = totals[0]
                totals[0] = before + 1
                mine += 1
                lock.release()
            expected.append(mine)

        harness.join_all([harness.start_thread(work, index) for index in range(4)])
        assert totals[0] == sum(expected)
        assert lock.acquire(False)
        lock.release()


def released_by_others(seed: int) -> None:
    """Threads that release locks they did not take: a baton goes round."""
    rounds, size = scaled(20000), 4
    locks = [threading.Lock() for _ in range(size)]
    for lock in locks[1:]:
        lock.acquire()
    order: list[int] = []

    def runner(index: int) -> None:
        for _ in range(rounds):
            locks[index].acquire()
            order.append(index)
            locks[(index + 1) % size].release()

    locks[0].acquire()
    threads = [harness.start_thread(runner, index) for index in range(size)]
    locks[0].release()
    harness.join_all(threads)
    assert order == list(range(size)) * rounds


def ping_pong_condition(seed: int) -> None:
    """Two threads take turns through one condition; a lost notification would hang."""
    rounds = scaled(100_000)
    condition = threading.Condition()
    turn = [0]

    def player(me: int) -> None:
        for _ in range(rounds):
            with condition:
                while turn[0] != me:
                    condition.wait()
                turn[0] = 1 - me
                condition.notify()

    harness.join_all([harness.start_thread(player, me) for me in (0, 1)])
    assert turn == [0]


def ping_pong_queue(seed: int) -> None:
    """Two threads pass one item to and fro."""
    rounds = scaled(100_000)
    there: queue.Queue = queue.Queue()
    back: queue.Queue = queue.Queue(1)

    def partner() -> None:
        for number in range(rounds):
            assert there.get() == number
            back.put(number)

    thread = harness.start_thread(partner)
    for number in range(rounds):
        there.put(number)
        assert back.get() == number
    harness.join_all([thread])


def ping_pong_event(seed: int) -> None:
    """Two threads take turns through two events."""
    rounds = scaled(50_000)
    ping, pong = threading.Event(), threading.Event()

    def partner() -> None:
        for _ in range(rounds):
            assert ping.wait()
            ping.clear()
            pong.set()

    thread = harness.start_thread(partner)
    for _ in range(rounds):
        ping.set()
        assert pong.wait()
        pong.clear()
    harness.join_all([thread])


def ping_pong_semaphore(seed: int) -> None:
    """Two threads take turns through two semaphores."""
    rounds = scaled(50_000)
    ping, pong = threading.Semaphore(0), threading.Semaphore(0)

    def partner() -> None:
        for _ in range(rounds):
            ping.acquire()
            pong.release()

    thread = harness.start_thread(partner)
    for _ in range(rounds):
        ping.release()
        pong.acquire()
    harness.join_all([thread])
    assert not ping.acquire(False)
    assert not pong.acquire(False)


def notifications_wake_one_each(seed: int) -> None:
    """``notify(n)`` wakes n waiters, the oldest first, and none wakes by itself."""
    condition = threading.Condition()
    woken: list[int] = []

    def waiter(index: int) -> None:
        with condition:
            assert condition.wait()
            woken.append(index)

    threads = []
    for index in range(6):
        threads.append(harness.start_thread(waiter, index))
        harness.wait_until_blocked(threads[-1:])
    for count, total in ((1, 1), (2, 3), (0, 3), (3, 6)):
        with condition:
            condition.notify(count)
        harness.wait_until(lambda total=total: len(woken) == total, "woken waiters")
        with condition:
            assert sorted(woken) == list(range(total)), woken
            assert len(condition._waiters) == 6 - total
    harness.join_all(threads)


def barrier_cycles(seed: int) -> None:
    """Every cycle gives each thread another number, and the action runs once."""
    cycles, size = scaled(2000), 4
    actions = []
    barrier = threading.Barrier(size, action=lambda: actions.append(None))
    numbers: list[list[int]] = [[] for _ in range(size)]

    def party(index: int) -> None:
        for cycle in range(cycles):
            numbers[index].append(barrier.wait(harness.TIME_BOX))
            assert len(actions) in (cycle + 1, cycle + 2)

    harness.join_all([harness.start_thread(party, index) for index in range(size)])
    assert len(actions) == cycles
    assert all(sorted(cycle) == list(range(size)) for cycle in zip(*numbers, strict=True))
    assert not barrier.broken


def barrier_breaks(seed: int) -> None:
    """A timeout, an abort and a failing action break the barrier for all; a reset mends it."""
    for how in ("timeout", "abort", "action"):

        def fail(how: str = how) -> None:
            if how == "action":
                raise LookupError("from the action")

        barrier = threading.Barrier(3, action=fail)
        results: list[str] = []

        def party(timeout: float | None = None, barrier: Any = barrier, results: list[str] = results) -> None:
            try:
                barrier.wait(timeout)
            except Exception as error:
                results.append(type(error).__name__)

        threads = [harness.start_thread(party)]
        harness.wait_until_blocked(threads)
        if how == "timeout":
            threads.append(harness.start_thread(party, 0.01))
        elif how == "abort":
            threads.append(harness.start_thread(party))
            harness.wait_until_blocked(threads)
            barrier.abort()
        else:
            threads += [harness.start_thread(party), harness.start_thread(party)]
        harness.join_all(threads)
        expected = ["BrokenBarrierError"] * 2 + (["LookupError"] if how == "action" else [])
        assert sorted(results) == expected, (how, results)
        assert barrier.broken
        barrier.reset()
        assert not barrier.broken


def event_wakes_all(seed: int) -> None:
    """Every ``set`` wakes everybody who waits, also when ``clear`` follows at once."""
    event = threading.Event()
    for _ in range(scaled(200)):
        results: list[bool] = []
        threads = [harness.start_thread(lambda r=results: r.append(event.wait())) for _ in range(4)]
        harness.wait_until_blocked(threads)
        event.set()
        event.clear()
        harness.join_all(threads)
        assert results == [True] * 4


def threads_come_and_go(seed: int) -> None:
    """Thousands of threads use the primitives and end; on raddle the registry does not grow with them."""
    lock, total = threading.Lock(), [0]

    def work() -> None:
        with lock:
            total[0] += 1

    rounds = scaled(1500)
    for _ in range(rounds):
        threads = [harness.start_thread(work, daemon=False) for _ in range(4)]
        harness.join_all(threads)
    assert total[0] == rounds * 4
    if harness.IS_RADDLE:
        import raddle._native as native

        harness.wait_until(lambda: len(native.threads()) < 50, "threads that left the registry")


CASES: dict[str, Callable[[int], None]] = {
    "traffic": traffic(queue.Queue),
    "traffic, Python hooks": traffic(harness.PythonQueue),
    "traffic, LifoQueue": traffic(queue.LifoQueue),
    "traffic, PriorityQueue": traffic(queue.PriorityQueue, each=2000),
    "traffic, SimpleQueue": traffic_through_simple,
    "traffic in order, SimpleQueue": lambda seed: traffic_in_order(seed, lambda _: queue.SimpleQueue()),
    "traffic in order": traffic_in_order,
    "traffic, queue opened": traffic_while_opened,
    "shutdown after producers": shutdown_after_producers,
    "shutdown in the middle": shutdown_in_the_middle,
    "shutdown releases the blocked": blocked_are_released_by_shutdown,
    "semaphores admit no more": semaphores_admit_no_more,
    "release of many": release_of_many,
    "locks exclude": locks_exclude,
    "locks released by others": released_by_others,
    "ping-pong condition": ping_pong_condition,
    "ping-pong queue": ping_pong_queue,
    "ping-pong event": ping_pong_event,
    "ping-pong semaphore": ping_pong_semaphore,
    "notifications wake one each": notifications_wake_one_each,
    "barrier cycles": barrier_cycles,
    "barrier breaks": barrier_breaks,
    "event wakes all": event_wakes_all,
    "threads come and go": threads_come_and_go,
}

if __name__ == "__main__":
    if len(sys.argv) == 1:
        print(*CASES, sep="\n")
    else:
        harness.start()
        CASES[sys.argv[1]](int(sys.argv[2]))
