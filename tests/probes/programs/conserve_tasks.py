"""Every task that was submitted runs or is cancelled exactly once, and every wait hears of it.

Usage: ``conserve_tasks.py CASE SEED``, or without arguments to list the cases.
"""

import os
import random
import sys
import threading
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, FIRST_EXCEPTION, Future, ThreadPoolExecutor, as_completed, wait
from typing import Any

import harness

# The standard library is slower by far, and its run only shows that the program is right.
SCALE = 1.0 if harness.IS_RADDLE else 0.1


def scaled(count: int) -> int:
    """A number of rounds for this implementation."""
    return max(20, int(count * SCALE))


class OwnError(Exception):
    """What a task raises."""


class Load:
    """Tasks that threads submit to a pool, and what became of each."""

    def __init__(
        self, pool: ThreadPoolExecutor, seed: int, submitters: int = 3, each: int = 3000, *, patient: bool = True
    ) -> None:
        """Prepares the threads of a run. Those of an impatient one wait for several futures only for a moment."""
        self.long = harness.TIME_BOX if patient else 0.0005
        self.pool = pool
        self.seed = seed
        self.each = scaled(each)
        # Appending is atomic on both builds.
        self.ran: list[tuple[int, int]] = []
        self.called: list[tuple[int, int]] = []
        self.futures: list[dict[tuple[int, int], Future]] = [{} for _ in range(submitters)]
        self.cancelled: list[set[tuple[int, int]]] = [set() for _ in range(submitters)]
        self.refused = [0] * submitters
        self.failures: list[BaseException] = []
        self.threads = [harness.threading.Thread(target=self.guard, args=(i,), daemon=True) for i in range(submitters)]

    def start(self) -> None:
        """Starts the submitting threads."""
        for thread in self.threads:
            thread.start()

    def guard(self, index: int) -> None:
        """Keeps what a thread raises."""
        try:
            self.submit(index)
        except BaseException as error:
            self.failures.append(error)
            raise

    def task(self, key: tuple[int, int], fails: bool) -> tuple[int, int]:
        """Notes that it has run."""
        self.ran.append(key)
        if fails:
            raise OwnError(key)
        return key

    def submit(self, index: int) -> None:
        """Submits tasks, waits for some in every way, cancels some, until done or refused."""
        chance = random.Random(f"{self.seed} submitter {index}")
        mine = self.futures[index]
        for number in range(self.each):
            key = (index, number)
            try:
                future = self.pool.submit(self.task, key, chance.randrange(8) == 0)
            except RuntimeError as error:
                assert "cannot schedule new futures" in str(error), error
                self.refused[index] = self.each - number
                return
            mine[key] = future
            future.add_done_callback(lambda _, key=key: self.called.append(key))
            self.use(index, key, future, chance)

    def use(self, index: int, key: tuple[int, int], future: Future, chance: random.Random) -> None:
        """Does one of many things with a future, mostly nothing."""
        way = chance.randrange(40)
        recent = [*self.futures[index].values()][-5:] if way in (1, 2, 3, 4) else []
        if way == 0:
            try:
                assert future.result(chance.choice([None, 0, 0.0005])) == key
            except (TimeoutError, OwnError):
                pass
            except BaseException as error:
                assert type(error).__name__ == "CancelledError", error
        elif way == 1:
            done, not_done = wait(recent, chance.choice([self.long, 0, 0.0005]), FIRST_COMPLETED)
            assert done | not_done == {*recent}
        elif way == 2:
            wait(recent, self.long, FIRST_EXCEPTION)
        elif way == 3:
            assert wait(recent, self.long).not_done == set() or self.long < 1
        elif way == 4:
            try:
                assert {*as_completed(recent, chance.choice([self.long, 0.0005]))} == {*recent}
            except TimeoutError:
                pass
        elif way < 12:
            if future.cancel():
                self.cancelled[index].add(key)
        elif way == 12:
            # A program looks into the future; the object changes over to the standard library's algorithm.
            with future._condition:
                assert future._state in ("PENDING", "RUNNING", "FINISHED")

    def check(self, cancelled_by_pool: bool = False) -> None:
        """Every task has run once, or was cancelled, and its callback was called once."""
        assert not self.failures, self.failures
        futures = {key: future for mine in self.futures for key, future in mine.items()}
        cancelled = set().union(*self.cancelled)
        assert all(future.done() for future in futures.values())
        ran, called = Counter(self.ran), Counter(self.called)
        assert not ran or max(ran.values()) == 1, ran.most_common(3)
        assert called == Counter(futures.keys()), (len(called), len(futures))
        really_cancelled = {key for key, future in futures.items() if future.cancelled()}
        assert really_cancelled == cancelled or (cancelled_by_pool and really_cancelled > cancelled)
        assert ran.keys() == futures.keys() - really_cancelled, (len(ran), len(futures), len(really_cancelled))
        for key, future in futures.items():
            if key in ran:
                error = future.exception(0)
                assert future.result(0) == key if error is None else error.args == (key,)
        assert sum(map(len, self.futures)) + sum(self.refused) == self.each * len(self.futures)


def all_tasks(seed: int) -> None:
    """Pools of several sizes do all there is to do."""
    for workers in (1, 2, 5):
        with ThreadPoolExecutor(workers) as pool:
            load = Load(pool, seed + workers)
            load.start()
            harness.join_all(load.threads)
        load.check()
        assert len(pool._threads) <= workers


def shutdown_in_the_middle(seed: int) -> None:
    """What was accepted runs, what comes after the shutdown is refused."""
    chance = random.Random(seed)
    for workers in (1, 3):
        pool = ThreadPoolExecutor(workers)
        load = Load(pool, seed)
        load.start()
        some = chance.randrange(1, load.each)
        harness.wait_until(lambda load=load, some=some: len(load.ran) > some, "tasks")
        pool.shutdown(wait=bool(workers % 2))
        harness.join_all(load.threads)
        pool.shutdown(wait=True)
        load.check()


def shutdown_that_cancels(seed: int) -> None:
    """What has not begun is cancelled once, nothing is both."""
    chance = random.Random(seed)
    for workers in (1, 3):
        pool = ThreadPoolExecutor(workers)
        # As on stock, what the pool takes out is cancelled but not notified, and ``wait`` would wait for ever.
        load = Load(pool, seed, patient=False)
        load.start()
        some = chance.randrange(1, load.each)
        harness.wait_until(lambda load=load, some=some: len(load.ran) > some, "tasks")
        stoppers = [
            harness.start_thread(lambda pool=pool: pool.shutdown(wait=False, cancel_futures=True)) for _ in range(3)
        ]
        harness.join_all(stoppers)
        harness.join_all(load.threads)
        pool.shutdown(wait=True)
        load.check(cancelled_by_pool=True)


def dropped_pool(seed: int) -> None:
    """A pool that nobody has any more does what it has accepted."""
    load = Load(ThreadPoolExecutor(2), seed)
    load.start()
    harness.join_all(load.threads)
    workers = list(load.pool._threads)
    load.pool = None
    harness.join_all(workers)
    load.check()


def cancel_against_run(seed: int) -> None:
    """Several threads cancel the task that a worker is about to take; one of them all wins."""
    with ThreadPoolExecutor(2) as pool:
        for number in range(scaled(2000)):
            ran: list[int] = []
            future = pool.submit(ran.append, number)
            answers: list[bool] = []
            if number % 10 == 0:
                cancellers = [harness.start_thread(lambda f=future, a=answers: a.append(f.cancel())) for _ in range(3)]
                harness.join_all(cancellers)
            else:
                answers.append(future.cancel())
            wait([future])
            assert len({*answers}) == 1 or not ran, (answers, ran)
            assert future.cancelled() == any(answers)
            assert bool(ran) != any(answers), (answers, ran)


def ended_by_many(seed: int) -> None:
    """Threads that end the same future: one wins, all others are told, all who wait see the winner."""
    for number in range(scaled(600)):
        future: Future = Future()
        wins: list[Any] = []
        seen: list[Any] = []
        called: list[Future] = []
        barrier = threading.Barrier(4)
        future.add_done_callback(called.append)

        def finish(me: int, future: Future = future, wins: list = wins, barrier: Any = barrier) -> None:
            barrier.wait()
            try:
                future.set_result(me) if me % 2 else future.set_exception(OwnError(me))
                wins.append(me)
            except Exception as error:
                assert type(error).__name__ == "InvalidStateError", error

        def look(future: Future = future, seen: list = seen, barrier: Any = barrier) -> None:
            barrier.wait()
            error = future.exception()
            seen.append(error.args[0] if error else future.result())

        threads = [harness.start_thread(finish, me) for me in (1, 2)] + [harness.start_thread(look) for _ in range(2)]
        harness.join_all(threads)
        assert len(wins) == 1, wins
        assert seen == [wins[0]] * 2, (number, seen, wins)
        assert called == [future]


def opened_while_used(seed: int) -> None:
    """Futures are reached into while they are ended and waited for."""
    for number in range(scaled(600)):
        future: Future = Future()
        results: list[Any] = []
        barrier = threading.Barrier(4)

        def reach(future: Future = future, barrier: Any = barrier) -> None:
            barrier.wait()
            with future._condition:
                assert future._state in ("PENDING", "FINISHED")

        def watch(how: int, future: Future = future, results: list = results, barrier: Any = barrier) -> None:
            barrier.wait()
            if how == 0:
                results.append(future.result(harness.TIME_BOX))
            else:
                assert wait([future], harness.TIME_BOX).done == {future}
                results.append(future.result(0))

        threads = [harness.start_thread(reach), harness.start_thread(watch, 0), harness.start_thread(watch, 1)]
        barrier.wait()
        future.set_result(number)
        harness.join_all(threads)
        assert results == [number, number]


def callbacks_against_end(seed: int) -> None:
    """Callbacks that are added while the future ends are called once each, whoever is first."""
    for number in range(scaled(1000)):
        future: Future = Future()
        called: list[int] = []
        barrier = threading.Barrier(3)

        def add(me: int, future: Future = future, called: list = called, barrier: Any = barrier) -> None:
            barrier.wait()
            for part in range(5):
                future.add_done_callback(lambda _, key=me * 10 + part: called.append(key))

        threads = [harness.start_thread(add, me) for me in (1, 2)]
        barrier.wait()
        future.set_result(number)
        harness.join_all(threads)
        assert sorted(called) == [*range(10, 15), *range(20, 25)], called


def map_against_cancel(seed: int) -> None:
    """Iterators over ``map`` that are left at any point: what was given out had run, what runs runs once."""
    chance = random.Random(seed)
    with ThreadPoolExecutor(3) as pool:
        for _ in range(scaled(150)):
            ran: list[int] = []

            def task(number: int, ran: list = ran) -> int:
                ran.append(number)
                return number

            results = pool.map(task, range(50))
            given = [next(results) for _ in range(chance.randrange(50))]
            results.close()
            assert given == list(range(len(given)))
            assert max(Counter(ran).values(), default=1) == 1
            assert set(given) <= set(ran)


def forks(seed: int) -> None:
    """Children made under load: no task of the parent is lost or doubled, and a pool of the child's own is whole."""
    chance = random.Random(seed)
    with ThreadPoolExecutor(3) as pool:
        load = Load(pool, seed)
        load.start()
        for _ in range(scaled(12) if harness.IS_RADDLE else 3):
            some = len(load.ran) + chance.randrange(1, 200)
            harness.wait_until(
                lambda some=some: len(load.ran) > some or not any(t.is_alive() for t in load.threads), "tasks"
            )
            assert fork_and_wait(lambda: child_load(seed)) == 0
        harness.join_all(load.threads)
    load.check()


def child_load(seed: int) -> None:
    """A load of the child's own."""
    with ThreadPoolExecutor(2) as pool:
        load = Load(pool, seed, submitters=2, each=200)
        load.start()
        harness.join_all(load.threads)
    load.check()


def fork_and_wait(check: Callable[[], None]) -> int:
    """Runs a check in a forked child and returns the child's exit code."""
    with warnings.catch_warnings():
        # Newer versions warn of a fork among threads, which is the point here.
        warnings.simplefilter("ignore", DeprecationWarning)
        process = os.fork()
    if process == 0:
        code = 1
        try:
            check()
            code = 0
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(code)
    statuses: list[int] = []

    def ended() -> bool:
        found, status = os.waitpid(process, os.WNOHANG)
        if found:
            statuses.append(status)
        return bool(statuses)

    harness.wait_until(ended, "the end of a child")
    return os.waitstatus_to_exitcode(statuses[0])


CASES: dict[str, Callable[[int], None]] = {
    "all tasks": all_tasks,
    "shutdown in the middle": shutdown_in_the_middle,
    "shutdown that cancels": shutdown_that_cancels,
    "dropped pool": dropped_pool,
    "cancel against run": cancel_against_run,
    "ended by many": ended_by_many,
    "opened while used": opened_while_used,
    "callbacks against the end": callbacks_against_end,
    "map that is left": map_against_cancel,
    "forks": forks,
}

if __name__ == "__main__":
    if len(sys.argv) == 1:
        print(*CASES, sep="\n")
    else:
        # The case with forks goes without the watchdog, which a child can neither use nor cancel.
        harness.start(watchdog=sys.argv[1] != "forks")
        CASES[sys.argv[1]](int(sys.argv[2]))
