"""What tools and contexts see of threads is what they see of the standard library's.

Each program prints what it has seen. It runs in a process of its own, on the standard library and on raddle, and both
have to print the same.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable

import pytest
from tests.conftest import ChildResult

BEGIN = """
import sys, threading, queue, contextvars, gc, weakref
from concurrent.futures import Future, ThreadPoolExecutor

if switched := sys.argv[1] == "raddle":
    from raddle import _native
    assert issubclass(threading.Event, _native.Event)

def run_everywhere(work):
    thread = threading.Thread(target=work, name="thread")
    thread.start()
    thread.join()
    with ThreadPoolExecutor(1, thread_name_prefix="pool") as pool:
        pool.submit(work).result()

def me():
    return threading.current_thread().name
"""

PROGRAMS: dict[str, str] = {
    "settrace": """
        seen = []
        def trace(frame, event, argument):
            if frame.f_code is work.__code__:
                seen.append((me(), event, frame.f_lineno - work.__code__.co_firstlineno))
            return trace
        def work():
            return len(())
        threading.settrace(trace)
        assert threading.gettrace() is trace
        run_everywhere(work)
        threading.settrace(None)
        run_everywhere(work)
        print(seen)
        """,
    "setprofile": """
        seen = []
        def profile(frame, event, argument):
            if frame.f_code is work.__code__:
                seen.append((me(), event, getattr(argument, "__name__", argument)))
        def work():
            return len(())
        threading.setprofile(profile)
        assert threading.getprofile() is profile
        run_everywhere(work)
        threading.setprofile(None)
        run_everywhere(work)
        print(seen)
        """,
    "in all threads": """
        # Threads that wait meanwhile, in a queue and as a worker of a pool.
        if sys.version_info < (3, 12):
            sys.exit("the two functions came with 3.12")
        seen = set()
        def watch(frame, event, argument):
            if frame.f_code is work.__code__:
                seen.add((me(), event))
            return watch
        def work():
            pass
        def loop():
            while asked.get():
                work()
                answered.put(None)
        asked, answered = queue.Queue(), queue.Queue()
        thread = threading.Thread(target=loop, name="thread")
        thread.start()
        pool = ThreadPoolExecutor(1, thread_name_prefix="pool")
        def work_everywhere():
            asked.put(True)
            answered.get()
            pool.submit(work).result()
            print(sorted(seen))
            seen.clear()
        work_everywhere()
        threading.settrace_all_threads(watch)
        work_everywhere()
        threading.settrace_all_threads(None)
        threading.setprofile_all_threads(watch)
        work_everywhere()
        threading.setprofile_all_threads(None)
        work_everywhere()
        asked.put(False)
        thread.join()
        pool.shutdown()
        """,
    "audit events": """
        events = []
        def hook(name, arguments):
            # What else the interpreter tells of its thread states differs with the moment.
            if name.startswith("_thread."):
                events.append((name, [type(one).__name__ for one in arguments]))
        sys.addaudithook(hook)
        run_everywhere(int)
        for make in (threading.Lock, threading.RLock, threading.Event, queue.Queue, Future):
            make()
        print(events)
        """,
    "context": """
        variable = contextvars.ContextVar("variable", default="default")
        variable.set("set")
        seen = []
        note = lambda *_: seen.append((me(), variable.get()))
        run_everywhere(note)
        timer = threading.Timer(0, note)
        timer.name = "timer"
        timer.start()
        timer.join()
        with ThreadPoolExecutor(1, "pool", note) as pool:
            pool.submit(note).result()
            variable.set("changed")
            pool.submit(note).result()
            # A task's changes stay in its worker.
            pool.submit(variable.set, "of the task").result()
            pool.submit(note).result()
            future = Future()
            future.add_done_callback(note)
            pool.submit(future.set_result, None).result()
            threading.Barrier(1, note).wait()
        print(seen, variable.get())
        """,
    "context of a thread": """
        if sys.version_info < (3, 14):
            sys.exit("the argument came with 3.14")
        variable = contextvars.ContextVar("variable", default="default")
        variable.set("at the start")
        seen = [sys.flags.thread_inherit_context]
        def note():
            seen.append(variable.get())
            variable.set("changed")
        context = contextvars.copy_context()
        context.run(variable.set, "given")
        for given in (context, contextvars.Context(), None):
            thread = threading.Thread(target=note, context=given)
            thread.start()
            thread.join()
        print(seen, context[variable], variable.get())
        """,
    "names": """
        # From 3.14 on the system knows them. A thread has its name before it runs.
        def of_the_system():
            with open(f"/proc/self/task/{threading.get_native_id()}/comm") as file:
                return file.read().rstrip() if me() != "MainThread" else None
        seen = []
        def work():
            before = of_the_system()
            threading.current_thread().name = "renamed, and long"
            seen.append((before, of_the_system(), me(), repr(threading.current_thread()).split(", ")[1]))
        if sys.platform == "linux":
            run_everywhere(work)
        print(seen)
        """,
    "cycles": """
        # An object that refers to itself, through what only it holds, is collected with all of that.
        class Witness:
            pass
        class Lock(type(threading.RLock())):
            pass
        def gone(make):
            witness = Witness()
            reference = weakref.ref(witness)
            make(witness)
            del witness
            gc.collect()
            return reference() is None
        def attribute(one, witness):
            one.itself, one.witness = one, witness
        def outcome(future, witness):
            future.set_result((future, witness))
        def callback(future, witness):
            future.add_done_callback(lambda _, both=(future, witness): both)
        def item(queue, witness):
            queue.put((queue, witness))
        def action(witness):
            barrier = threading.Barrier(2, lambda: barrier and witness)
        def moved(queue, witness):
            queue.put((queue, witness))
            assert queue.mutex
        print([gone(make) for make in (
            lambda witness: attribute(Lock(), witness),
            lambda witness: attribute(threading.Condition(), witness),
            lambda witness: attribute(threading.Event(), witness),
            lambda witness: attribute(threading.Semaphore(), witness),
            lambda witness: attribute(threading.Thread(), witness),
            lambda witness: attribute(ThreadPoolExecutor(1), witness),
            action,
            lambda witness: item(queue.Queue(), witness),
            lambda witness: item(queue.LifoQueue(), witness),
            lambda witness: item(queue.PriorityQueue(), witness),
            lambda witness: item(queue.SimpleQueue(), witness),
            lambda witness: moved(queue.Queue(), witness),
            lambda witness: outcome(Future(), witness),
            lambda witness: callback(Future(), witness),
        )])
        """,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_is_seen(name: str, run_python: Callable[..., ChildResult]) -> None:
    program = BEGIN + textwrap.dedent(PROGRAMS[name])
    stock = run_python([sys.executable, "-c", program, "stock"])
    ours = run_python([sys.executable, "-c", program, "raddle"], environment={"RADDLE_INSTALL": "1"})
    if " came with " in stock.stderr:
        pytest.skip(stock.stderr.strip())
    assert stock.returncode == 0, stock.describe()
    assert stock.stdout
    assert (ours.returncode, ours.stdout, ours.stderr) == (0, stock.stdout, stock.stderr), ours.describe()
