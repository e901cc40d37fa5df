"""RWLock: arguments, errors, looks, turns, signals and forks. The standard library has no such lock to compare with."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import pytest

import raddle
from raddle import RWLock, _native

# Nothing here takes so long.
TIME_BOX = 60.0


def until(holds: Callable[[], bool]) -> None:
    limit = time.monotonic() + TIME_BOX
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.001)


def blocked(kind: str) -> int:
    return sum(thread["waits_for"] == kind for thread in _native.threads())


class Thread(threading.Thread):
    """A thread that hands on what it returns or raises."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self.work = work
        self.outcome: Any = None
        self.start()

    def run(self) -> None:
        try:
            self.outcome = self.work()
        except BaseException as error:
            self.outcome = error

    def result(self) -> Any:
        self.join(TIME_BOX)
        assert not self.is_alive()
        return self.outcome


def by_another(work: Callable[[], Any]) -> Any:
    return Thread(work).result()


SIDES = ("reader", "writer")


@pytest.mark.parametrize("side", SIDES)
def test_each_side_is_a_lock(side: str) -> None:
    lock = getattr(RWLock(), side)
    assert not lock.locked()
    assert lock.acquire() is True
    assert lock.locked()
    assert lock.release() is None
    assert lock.acquire(False) is True
    lock.release()
    assert lock.acquire(timeout=1) is True
    lock.release()
    with lock as entered:
        assert entered is True
        assert lock.locked()
    assert not lock.locked()


@pytest.mark.parametrize("side", SIDES)
def test_arguments_are_those_of_a_lock(side: str) -> None:
    stock = threading.Lock()
    lock = getattr(RWLock(), side)
    for arguments in ((False, 1), (True, -2), (True, 1e100), (True, float("nan")), (True, "1"), (True, None)):
        with pytest.raises(Exception) as expected:  # noqa: PT011 (whatever the standard library raises)
            stock.acquire(*arguments)
        with pytest.raises(type(expected.value)):
            lock.acquire(*arguments)
    with pytest.raises(TypeError):
        lock.acquire(wrong=1)
    with pytest.raises(TypeError):
        lock.release(1)
    assert not lock.locked()


@pytest.mark.parametrize("side", SIDES)
def test_only_who_has_it_can_release(side: str) -> None:
    lock = getattr(RWLock(), side)
    with pytest.raises(RuntimeError, match="cannot release un-acquired lock"):
        lock.release()
    with lock:
        error = by_another(lock.release)
        assert isinstance(error, RuntimeError)
        assert lock.locked()
    with pytest.raises(RuntimeError, match="cannot downgrade un-acquired lock"):
        RWLock().writer.downgrade()


def test_readers_share_and_a_writer_is_alone() -> None:
    lock = RWLock()
    with lock.reader:
        assert by_another(lambda: lock.reader.acquire(False))
        assert not by_another(lambda: lock.writer.acquire(False))
        assert not by_another(lambda: lock.writer.acquire(timeout=0.001))
    lock = RWLock()
    with lock.writer:
        assert not by_another(lambda: lock.reader.acquire(False))
        assert not by_another(lambda: lock.writer.acquire(timeout=0.001))


def test_nothing_is_lost_under_load() -> None:
    lock, pair = RWLock(), [0, 0]

    def use(number: int) -> bool:
        for turn in range(500):
            if (turn + number) % 4 == 0:
                with lock.writer:
                    pair[0] += 1
                    pair[1] += 1
            else:
                with lock.reader:
                    assert pair[0] == pair[1]
        return True

    threads = [Thread(lambda number=number: use(number)) for number in range(4)]
    assert all(thread.result() is True for thread in threads)
    assert pair == [500, 500]


def test_turns_come_in_the_order_of_arrival() -> None:
    lock, order = RWLock(), list[str]()

    def take(name: str) -> None:
        with lock.reader if name.startswith("r") else lock.writer:
            order.append(name)

    threads: list[Thread] = []
    with lock.writer:
        for name in ("r1", "w1", "r2", "w2"):
            kind = "rwlock_read" if name.startswith("r") else "rwlock_write"
            waiting = blocked(kind)
            threads.append(Thread(lambda name=name: take(name)))
            until(lambda kind=kind, waiting=waiting: blocked(kind) == waiting + 1)
        assert not by_another(lambda: lock.reader.acquire(False))
    for thread in threads:
        assert thread.result() is None
    assert order == ["r1", "w1", "r2", "w2"]


def test_who_reads_may_read_again_while_a_writer_waits() -> None:
    lock = RWLock()
    with lock.reader:
        writing = Thread(lambda: lock.writer.acquire())
        until(lambda: blocked("rwlock_write") == 1)
        with lock.reader:
            assert not by_another(lambda: lock.reader.acquire(False))
    assert writing.result() is True


def test_downgrade_goes_on_to_read() -> None:
    lock = RWLock()
    lock.writer.acquire()
    lock.writer.downgrade()
    assert (lock.reader.locked(), lock.writer.locked()) == (True, False)
    assert by_another(lambda: lock.reader.acquire(False) and lock.reader.release() is None)
    lock.reader.release()
    assert not lock.reader.locked()


def test_looks() -> None:
    lock = RWLock()
    address = f"at {id(lock):#x}>"
    assert repr(lock) == f"<unlocked raddle.RWLock object {address}"
    with lock.reader:
        assert repr(lock) == f"<locked raddle.RWLock object readers=1 {address}"
    with lock.writer:
        assert repr(lock) == f"<locked raddle.RWLock object writer={threading.get_ident()} {address}"
        assert repr(lock.writer) == f"<writer of {lock!r}>"
        assert repr(lock.reader) == f"<reader of {lock!r}>"
    assert raddle.RWLock is _native.RWLock
    assert (RWLock.__module__, RWLock.__qualname__) == ("raddle", "RWLock")


def test_objects_can_be_referred_to_weakly_and_not_copied() -> None:
    lock = RWLock()
    references = [weakref.ref(lock), weakref.ref(reader := lock.reader), weakref.ref(writer := lock.writer)]
    for subject in (lock, reader, writer):
        for move in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError):
                move(subject)
    with pytest.raises(TypeError):
        type("Derived", (RWLock,), {})
    del lock, reader, writer, subject
    assert [reference() for reference in references] == [None] * 3


def test_a_side_keeps_its_lock() -> None:
    writer = RWLock().writer
    with writer:
        assert writer.locked()


def test_a_condition_over_the_writer() -> None:
    lock, ready = RWLock(), list[int]()
    condition = threading.Condition(lock.writer)  # type: ignore[arg-type]

    def wait() -> int:
        with condition:
            while not ready:
                condition.wait()
            return ready[0]

    waiting = Thread(wait)
    until(lambda: bool(condition._waiters))  # type: ignore[attr-defined]
    with condition:
        ready.append(7)
        condition.notify()
    assert waiting.result() == 7


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=TIME_BOX, check=False
    )


@pytest.mark.parametrize("side", SIDES)
def test_a_signal_handler_may_end_the_wait(side: str) -> None:
    outcome = run(f"""
import os, signal, threading, time
import raddle
from raddle import _native
lock = raddle.RWLock()
held, over = threading.Event(), threading.Event()
def hold():
    with lock.writer:
        held.set()
        over.wait()
def interrupt():
    while not any(thread["waits_for"] in ("rwlock_read", "rwlock_write") for thread in _native.threads()):
        time.sleep(0.001)
    os.kill(os.getpid(), signal.SIGINT)
signal.signal(signal.SIGINT, signal.default_int_handler)
holding = threading.Thread(target=hold)
holding.start()
held.wait()
threading.Thread(target=interrupt).start()
try:
    lock.{side}.acquire()
except KeyboardInterrupt:
    print("interrupted")
over.set()
holding.join()
print(lock.{side}.acquire(timeout=30), lock)
""")
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout.startswith("interrupted\nTrue <locked raddle.RWLock"), outcome


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_forked_child_goes_on() -> None:
    outcome = run("""
import os, threading, time, warnings
import raddle
from raddle import _native
warnings.simplefilter("ignore")
lock, left = raddle.RWLock(), raddle.RWLock()
lock.reader.acquire()
inside, over = threading.Event(), threading.Event()
def hold():
    with left.writer:
        inside.set()
        over.wait()
threads = [threading.Thread(target=hold, daemon=True), threading.Thread(target=lock.writer.acquire, daemon=True)]
for thread in threads:
    thread.start()
inside.wait()
while not any(thread["waits_for"] == "rwlock_write" for thread in _native.threads()):
    time.sleep(0.001)
child = os.fork()
if not child:
    # Who waited does not exist here; what a vanished thread had stays held, and what this one had stays its own.
    assert lock.reader.locked() and not left.reader.acquire(False)
    lock.reader.release()
    with lock.writer:
        pass
    left._at_fork_reinit()
    with left.writer:
        pass
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
over.set()
lock.reader.release()
for thread in threads:
    thread.join(30)
""")
    assert (outcome.returncode, outcome.stdout) == (0, "7\n"), outcome.stderr


def test_a_subinterpreter_can_import_the_package() -> None:
    # The native module cannot be loaded there; the package must not try.
    outcome = run("import raddle, sys; print(*sys.modules); assert raddle.RWLock; print(*sys.modules)")
    assert outcome.returncode == 0, outcome.stderr
    before, after = outcome.stdout.splitlines()
    assert "raddle._native" not in before.split()
    assert "raddle._native" in after.split()
