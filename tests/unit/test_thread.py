"""Thread: what `raddle.install()` puts into the standard library's class, compared with the class as it was."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

TIME_BOX = 120.0

# Each runs in a process of its own, on the standard library and switched.
PREAMBLE = """
import os, signal, sys, threading, time
ours = "raddle" in sys.argv
if ours:
    import raddle
    raddle.install()
    from raddle import _native
    assert threading.Thread.join.__module__ == "threading"
    assert isinstance(threading.Thread()._started, _native.Event)

def until(condition):
    deadline = time.monotonic() + 60.0
    while not condition():
        assert time.monotonic() < deadline, "it did not come to hold"
        time.sleep(0.001)

def waits_for_end_of(waiting, ended):
    "Whether a thread is blocked in the join of another one; on the standard library nobody can tell."
    if not ours:
        return True
    known = {one["ident"]: one for one in _native.threads()}
    one = known.get(waiting.ident)
    return (
        one is not None and one["state"] == "blocked" and one["waits_for"] == "join"
        and one["thread"] == known[ended.ident]["owner"]
    )

def outcome(function):
    try:
        return function()
    except Exception as error:
        return type(error).__name__
"""

PROGRAMS = {
    "result": """
        thread = threading.Thread(target=print, args=("in the thread",))
        thread.start()
        print(thread.join(), thread.is_alive(), thread.join(), thread.join(0), thread.join(1.5))
    """,
    "errors": """
        thread = threading.Thread(target=lambda: print(outcome(threading.current_thread().join)))
        print(outcome(thread.join))
        thread.start()
        thread.join()
        class Forgets(threading.Thread):
            def __init__(self):
                pass
        print(outcome(Forgets().join), outcome(threading.current_thread().join))
        print(outcome(threading.main_thread().join))
    """,
    "bad timeouts": """
        go = threading.Event()
        thread = threading.Thread(target=go.wait)
        thread.start()
        print(outcome(lambda: thread.join("1")), outcome(lambda: thread.join([])))
        print(outcome(lambda: thread.join(-1)), outcome(lambda: thread.join(-0.5)), thread.is_alive())
        print(outcome(lambda: thread.join(True)))
        go.set()
        thread.join(timeout=60)
        print(thread.is_alive())
    """,
    # Apart from the others, because before 3.13 the standard library takes the thread for ended after it.
    "too large a timeout": """
        go = threading.Event()
        thread = threading.Thread(target=go.wait)
        thread.start()
        print(outcome(lambda: thread.join(1e30)))
        go.set()
    """,
    "times out": """
        go = threading.Event()
        thread = threading.Thread(target=go.wait)
        thread.start()
        print(thread.join(0.05), thread.is_alive(), thread.join(0))
        go.set()
        thread.join()
        print(thread.is_alive())
    """,
    "publishes": """
        go = threading.Event()
        first = threading.Thread(target=go.wait, name="first")
        second = threading.Thread(target=first.join)
        third = threading.Thread(target=first.join, args=(60.0,))
        for thread in (first, second, third):
            thread.start()
        until(lambda: waits_for_end_of(second, first) and waits_for_end_of(third, first))
        if ours:
            assert {"first", second.name} <= {one["name"] for one in _native.threads()}
        go.set()
        for thread in (first, second, third):
            thread.join(60.0)
        print([thread.is_alive() for thread in (first, second, third)])
    """,
    "interrupted": """
        go = threading.Event()
        thread = threading.Thread(target=go.wait)
        thread.start()
        main = threading.main_thread()
        def interrupt():
            until(lambda: waits_for_end_of(main, thread))
            # Until it is over, because on the standard library nobody can tell when it has begun.
            while not over.is_set():
                os.kill(os.getpid(), signal.SIGINT)
                over.wait(0.05)
        for timeout in (None, 60.0):
            over = threading.Event()
            other = threading.Thread(target=interrupt)
            try:
                other.start()
                thread.join(timeout)
            except KeyboardInterrupt:
                over.set()
                print("interrupted", thread.is_alive())
            while other.is_alive():
                try:
                    other.join()
                except KeyboardInterrupt:
                    pass
        go.set()
        thread.join()
    """,
    "a handler joins": """
        go = threading.Event()
        outer = threading.Thread(target=go.wait)
        inner = threading.Thread(target=print, args=("inner",))
        handled = []
        def handle(number, frame):
            # The next signal may come before this handler is through.
            if not handled:
                handled.append(number)
                inner.start()
                inner.join()
                go.set()
        signal.signal(signal.SIGALRM, handle)
        outer.start()
        signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
        outer.join()
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(outer.is_alive(), inner.is_alive())
    """,
    "subclass": """
        class Named(threading.Thread):
            def run(self):
                said.append(threading.current_thread() is self and self.ident == threading.get_ident())
            def join(self, timeout=None):
                super().join(timeout)
                said.append("joined")
        said = []
        thread = Named()
        thread.start()
        thread.join()
        print(said)
        timer = threading.Timer(0, print, ["timer"])
        timer.start()
        timer.join()
        for kind in (Named, threading.Timer):
            print(issubclass(kind, threading.Thread), isinstance(threading.main_thread(), threading.Thread))
    """,
    "odd names": """
        for name in ("", "\\udc80", "n" * 1000, 7, "with\\0nul"):
            thread = threading.Thread(target=lambda: None, name=name, daemon=1)
            thread.start()
            thread.join()
            print(thread.is_alive())
    """,
    "forked child joins": """
        go = threading.Event()
        thread = threading.Thread(target=go.wait)
        thread.start()
        child = os.fork()
        if child == 0:
            thread.join()
            thread.join(0)
            late = threading.Thread(target=lambda: None)
            late.start()
            late.join()
            os._exit(0 if not thread.is_alive() and not late.is_alive() else 1)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        go.set()
        thread.join()
    """,
    "forked child's main thread is joined": """
        def fork():
            child = os.fork()
            if child:
                print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
                return
            threading.Thread(target=threading.main_thread().join).start()
        thread = threading.Thread(target=fork)
        thread.start()
        thread.join()
    """,
    "the main thread is joined at exit": """
        threading.Thread(target=lambda: (threading.main_thread().join(), print("after it"))).start()
    """,
    "joined while the interpreter ends": """
        if sys.version_info >= (3, 14):
            class Joins:
                def __del__(self):
                    print(outcome(self.thread.join))
            # In a cycle, so that it goes when the interpreter clears its modules.
            joins = Joins()
            joins.itself = joins
            joins.thread = threading.Thread(target=threading.Event().wait, daemon=True)
            joins.thread.start()
    """,
    "foreign thread": """
        import _thread
        found = []
        done = threading.Event()
        def foreign():
            found.append(threading.current_thread())
            done.set()
        _thread.start_new_thread(foreign, ())
        done.wait()
        print(type(found[0]).__name__, found[0].daemon, outcome(found[0].join))
    """,
    "many": """
        counts = []
        lock = threading.Lock()
        def work():
            with lock:
                counts.append(1)
        for _ in range(50):
            threads = [threading.Thread(target=work) for _ in range(8)]
            for thread in threads:
                thread.start()
            joiners = [threading.Thread(target=thread.join) for thread in threads]
            for thread in joiners:
                thread.start()
            for thread in threads + joiners:
                thread.join()
        print(len(counts), threading.active_count())
    """,
}


def run(program: str, implementation: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PREAMBLE + textwrap.dedent(PROGRAMS[program]), implementation],
        capture_output=True,
        text=True,
        timeout=TIME_BOX,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_switched_process_does_the_same(program: str) -> None:
    assert run(program, "raddle") == run(program, "stock")


def test_uninstall_gives_the_methods_back() -> None:
    program = """
        import threading, raddle
        stock = {name: vars(threading.Thread)[name] for name in ("join", "_set_ident")}
        kind = threading.Thread
        raddle.install()
        assert threading.Thread is kind
        assert all(vars(kind)[name] is not stock[name] for name in stock)
        raddle.uninstall()
        assert all(vars(kind)[name] is stock[name] for name in stock)
        def patched(self, timeout=None): pass
        kind.join = patched
        raddle.install()
        assert kind.join is patched
        raddle.uninstall()
        assert kind.join is patched
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], timeout=TIME_BOX, check=True)
