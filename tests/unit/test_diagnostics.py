"""What programs can ask of `raddle.diagnostics`, and change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from raddle import diagnostics, threading


@pytest.fixture(autouse=True)
def settings_are_put_back() -> Iterator[None]:
    yield
    diagnostics.configure(deadlocks="raise", grace=0.5)


def this_thread(snapshot: diagnostics.Snapshot) -> diagnostics.Thread:
    ident = threading.get_ident()
    (own,) = [thread for thread in snapshot.threads if thread.ident == ident]
    return own


def test_a_snapshot_shows_what_this_thread_holds() -> None:
    lock, rlock = threading.Lock(), threading.RLock()
    with lock, rlock, rlock:
        own = this_thread(diagnostics.snapshot())
        assert [held.kind for held in own.holds] == ["lock", "rlock"]
        assert (own.state, own.waits_for, own.holds_more) == ("runnable", None, 0)
        assert own.name == threading.current_thread().name
    assert this_thread(diagnostics.snapshot()).holds == ()


def test_a_snapshot_shows_who_waits_for_whom(wait_until_blocked: Any, implementation: Any) -> None:
    lock = threading.Lock()
    # Its thread is the standard library's in a process that is not switched.
    thread = threading.Thread(target=lock.acquire, name="the one that waits")
    with lock:
        thread.start()
        wait_until_blocked([thread], implementation)
        snapshot = diagnostics.snapshot()
        (waiter,) = [one for one in snapshot.threads if one.native_id == thread.native_id]
        own = this_thread(snapshot)
        wait = waiter.waits_for
        assert wait is not None
        assert (waiter.name, waiter.state, wait.kind) == ("the one that waits", "blocked", "lock")
        assert (wait.blocker, wait.blocker_name) == (own.id, own.name)
        assert wait.object == own.holds[-1].object
        (seen,) = [one for one in snapshot.objects if one.object == wait.object]
        assert (seen.owner, seen.waiters) == (own.id, (waiter.id,))
    thread.join()
    lock.release()


@pytest.fixture
def implementation() -> Any:
    """The one that this file is about, for the fixtures that want one."""

    class Ours:
        is_ours = True

    return Ours()


def test_a_snapshot_becomes_json() -> None:
    with threading.RLock():
        text = diagnostics.snapshot().to_json(indent=1)
    found = json.loads(text)
    assert set(found) == {"threads", "objects", "deadlocks", "queues", "pools", "missed"}
    own = [thread for thread in found["threads"] if thread["ident"] == threading.get_ident()]
    assert own[0]["holds"][0]["kind"] == "rlock"


def test_a_deadlock_is_raised_and_kept() -> None:
    lock, ready = threading.RLock(), threading.Barrier(2)
    other = threading.RLock()
    errors: list[BaseException] = []

    def take(first: Any, second: Any) -> None:
        try:
            with first:
                ready.wait()
                with second:
                    pass
        except diagnostics.DeadlockError as error:
            errors.append(error)

    threads = [threading.Thread(target=take, args=pair) for pair in ((lock, other), (other, lock))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (error,) = errors
    assert isinstance(error, RuntimeError)
    assert isinstance(error, diagnostics.DeadlockError)
    assert error.deadlock == diagnostics.deadlocks()[-1]
    assert error.deadlock.certainty == "certain"
    assert {party.kind for party in error.deadlock.parties} == {"rlock"}


def test_a_name_is_used_in_reports() -> None:
    from raddle.diagnostics import _names

    lock = threading.Lock()
    diagnostics.name(lock, "accounts")
    with lock:
        (held,) = this_thread(diagnostics.snapshot()).holds
    assert _names.name_of(held.object, []) == "accounts"
    with pytest.raises(TypeError, match="none of raddle's"):
        diagnostics.name(object(), "nothing")


def test_settings_are_checked() -> None:
    with pytest.raises(ValueError, match="'raise', 'report' or 'off'"):
        diagnostics.configure(deadlocks="maybe")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="grace must be"):
        diagnostics.configure(grace=-1)
    diagnostics.configure(deadlocks="report")
    diagnostics.configure(grace=2)
    from raddle import _deadlocks

    assert (_deadlocks.settings.deadlocks, _deadlocks.settings.grace) == ("report", 2)
