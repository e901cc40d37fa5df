"""`install()` and `uninstall()` switch the standard library's modules in place, and exactly back.

Every test has a process of its own, because what it switches belongs to the whole process.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import raddle

# A process that has not ended after this many seconds hangs. Generous, because the machine may be busy.
TIME_BOX = 120.0


def test_importing_raddle_changes_nothing() -> None:
    check(
        """
        before = everything()
        import raddle, raddle.threading, raddle.queue
        assert everything() == before
        assert not raddle.installed()
        assert is_stock()
        """
    )


def test_a_process_without_the_variable_does_not_import_raddle() -> None:
    check("assert not [name for name in sys.modules if name.startswith('raddle')]")


@pytest.mark.parametrize("value", ["", "0"])
def test_the_variable_can_say_no(value: str) -> None:
    check("assert not [name for name in sys.modules if name.startswith('raddle')]", RADDLE_INSTALL=value)


def test_the_variable_switches_before_the_program() -> None:
    check(
        """
        assert "raddle._native" in sys.modules
        import raddle
        assert raddle.installed()
        assert is_native()
        assert not raddle.early_binders(), raddle.early_binders()
        """,
        RADDLE_INSTALL="1",
    )


def test_install_after_the_imports() -> None:
    check(
        """
        import queue, threading
        import raddle
        raddle.install()
        assert raddle.installed()
        assert is_native()
        """
    )


def test_install_before_the_imports() -> None:
    check(
        """
        assert "threading" not in sys.modules and "queue" not in sys.modules
        import raddle
        raddle.install()
        # Whoever imports threading is the main thread for it.
        assert "threading" not in sys.modules and "queue" not in sys.modules
        assert is_native()
        """,
        site=False,
    )


def test_install_between_the_imports() -> None:
    check(
        """
        import threading
        import raddle
        raddle.install()
        assert "queue" not in sys.modules
        assert is_native()
        """,
        site=False,
    )


def test_install_before_an_import_in_another_thread() -> None:
    check(
        """
        import raddle
        raddle.install()
        import _thread
        assert "threading" not in sys.modules
        done = _thread.allocate_lock()
        done.acquire()
        def importer():
            import queue
            done.release()
        _thread.start_new_thread(importer, ())
        done.acquire()
        assert is_native()
        """,
        site=False,
    )


@pytest.mark.parametrize("imported_first", [False, True])
def test_uninstall_restores_exactly(imported_first: bool) -> None:
    check(
        f"""
        imported_first = {imported_first}
        if imported_first:
            before = everything()
        meta_path = list(sys.meta_path)
        import raddle
        raddle.install()
        assert is_native()
        raddle.uninstall()
        assert not raddle.installed()
        assert is_stock()
        assert sys.meta_path == meta_path
        after = everything()
        if imported_first:
            assert after == before
        native = sys.modules["raddle._native"]
        ours = {{id(native.lock), id(native.allocate_lock), id(native.RLock)}}
        for module in ("_thread", "threading", "queue"):
            left = [name for name, value in vars(sys.modules[module]).items() if id(value) in ours]
            assert not left, (module, left)
        """,
        site=False,
    )


def test_install_and_uninstall_again_and_again() -> None:
    check(
        """
        before = everything()
        import raddle
        for _ in range(3):
            raddle.install()
            first = everything()
            raddle.install()
            assert everything() == first
            assert sum(type(finder).__module__ == "raddle._watcher" for finder in sys.meta_path) == 1
            assert is_native()
            raddle.uninstall()
            raddle.uninstall()
            assert everything() == before
            assert is_stock()
        """
    )


def test_install_in_a_thread() -> None:
    check(
        """
        import threading
        import raddle
        thread = threading.Thread(target=raddle.install)
        thread.start()
        thread.join()
        assert is_native()
        assert threading.current_thread() is threading.main_thread()
        """
    )


def test_many_threads_install_and_uninstall() -> None:
    check(
        """
        before = everything()
        import threading
        import raddle
        def toggle():
            for _ in range(50):
                raddle.install()
                raddle.uninstall()
        threads = [threading.Thread(target=toggle) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert everything() == before
        raddle.install()
        assert is_native()
        """
    )


def test_threads_that_waited_before_go_on() -> None:
    check(
        """
        import queue, threading
        items, results, lock = queue.Queue(), queue.Queue(), threading.Lock()
        condition = threading.Condition(lock)
        flag = []
        def wait():
            with condition:
                condition.wait_for(lambda: flag)
            results.put(items.get())
        threads = [threading.Thread(target=wait) for _ in range(3)]
        for thread in threads:
            thread.start()
        import raddle
        raddle.install()
        with condition:
            flag.append(True)
            condition.notify_all()
        for number in range(3):
            items.put(number)
        assert sorted(results.get() for _ in range(3)) == [0, 1, 2]
        for thread in threads:
            thread.join()
        """
    )


def test_old_and_new_objects_mix() -> None:
    check(
        """
        import threading
        old_lock, old_rlock = threading.Lock(), threading.RLock()
        OldCondition = threading.Condition
        import raddle
        raddle.install()
        for condition in (
            threading.Condition(old_lock),
            threading.Condition(old_rlock),
            OldCondition(threading.Lock()),
            OldCondition(threading.RLock()),
        ):
            done = []
            def wait():
                with condition:
                    done.append(condition.wait_for(lambda: bool(done)))
            with condition:
                thread = threading.Thread(target=wait)
                thread.start()
                assert not condition.wait(0.001)
                done.append(True)
                condition.notify_all()
            thread.join()
            assert done == [True, True]
        """
    )


def test_early_binders_recognise_the_new_objects() -> None:
    check(
        """
        import queue, threading
        names = ("Condition", "Event", "Semaphore", "BoundedSemaphore", "Barrier")
        stock = [getattr(threading, name) for name in names]
        stock_queues = [queue.Queue, queue.LifoQueue, queue.PriorityQueue]
        import raddle
        raddle.install()
        for name, early in zip(names, stock):
            new = getattr(threading, name)
            assert new is not early and issubclass(new, early)
            assert (new.__module__, new.__qualname__) == ("threading", name)
        assert issubclass(threading.BoundedSemaphore, threading.Semaphore)
        for early in stock_queues:
            new = getattr(queue, early.__name__)
            assert new is not early and issubclass(new, early) and issubclass(new, queue.Queue)
            assert (new.__module__, new.__qualname__) == ("queue", early.__name__)
        """
    )


def test_early_binders_are_listed(tmp_path: Path) -> None:
    (tmp_path / "early.py").write_text(
        "import threading\n"
        "from queue import Queue as Q\n"
        "from threading import Lock\n"
        "class Flag(threading.Event): pass\n"
    )
    check(
        f"""
        sys.path.insert(0, {str(tmp_path)!r})
        import early, multiprocessing.dummy
        import raddle
        raddle.install()
        found = raddle.early_binders()
        assert {{"early.Q", "early.Lock", "early.Flag"}} <= set(found), found
        assert "multiprocessing.dummy.Queue" in found, found
        assert not [name for name in found if name.startswith(("threading.", "queue.", "raddle."))], found
        """
    )


def test_what_another_tool_has_put_there_stays() -> None:
    check(
        """
        import queue, threading
        class Mine(threading.Event): pass
        stock_queue = queue.Queue
        threading.Event = Mine
        import raddle
        raddle.install()
        assert threading.Event is Mine
        assert queue.Queue is not stock_queue
        queue.Queue = "another"
        raddle.uninstall()
        assert threading.Event is Mine
        assert queue.Queue == "another"
        """
    )


def test_a_second_copy_of_a_module_is_the_standard_library_s() -> None:
    check(
        """
        import raddle
        raddle.install()
        import queue, threading
        ours = queue.Queue
        del sys.modules["queue"]
        import queue as second
        assert second.Queue is not ours
        assert not issubclass(second.Queue, sys.modules["raddle._native"].Queue)
        second.Queue().put(1)
        """
    )


def test_a_module_imported_after_install_knows_its_own_loader() -> None:
    check(
        """
        import raddle
        raddle.install()
        import queue, threading
        import inspect
        for module in (threading, queue):
            assert module.__spec__.loader is module.__loader__
            assert type(module.__loader__).__name__ == "SourceFileLoader", module.__loader__
            assert inspect.getsource(module).startswith(("'", '"'))
        """,
        site=False,
    )


@pytest.mark.parametrize("order", ["install, futures", "futures, install"])
def test_the_pool_runs_on_native_primitives(order: str) -> None:
    check(
        f"""
        import raddle
        for step in {order.split(", ")!r}:
            if step == "install":
                raddle.install()
            else:
                import concurrent.futures.thread
        from concurrent import futures
        from raddle import _native
        with futures.ThreadPoolExecutor(4, thread_name_prefix="worker") as pool:
            assert isinstance(pool._idle_semaphore, _native.Semaphore)
            assert isinstance(pool._shutdown_lock, type(_native.allocate_lock()))
            results = [pool.submit(pow, number, 2) for number in range(100)]
            assert isinstance(results[0]._condition, _native.Condition)
            assert sum(future.result() for future in futures.as_completed(results)) == 328350
            assert list(pool.map(abs, range(-3, 0))) == [3, 2, 1]
            assert all(isinstance(worker._started, _native.Event) for worker in pool._threads)
        """
    )


def test_threads_run_on_native_primitives() -> None:
    check(
        """
        import raddle
        raddle.install()
        import threading
        from raddle import _native
        ran = []
        thread = threading.Thread(target=ran.append, args=(1,), name="one")
        assert isinstance(thread._started, _native.Event)
        thread.start()
        thread.join()
        assert ran == [1]
        timer = threading.Timer(0.001, ran.append, args=(2,))
        assert isinstance(timer.finished, _native.Event)
        timer.start()
        timer.join()
        assert ran == [1, 2]
        """
    )


def test_other_users_of_threads_run(tmp_path: Path) -> None:
    check(
        f"""
        import raddle
        raddle.install()
        import asyncio, concurrent.futures, logging, logging.handlers, multiprocessing.dummy, queue
        async def main():
            return await asyncio.gather(*(asyncio.to_thread(pow, 2, number) for number in range(8)))
        assert sum(asyncio.run(main())) == 255

        records = queue.Queue()
        logger = logging.getLogger("test")
        logger.propagate = False
        logger.addHandler(logging.handlers.QueueHandler(records))
        listener = logging.handlers.QueueListener(records, logging.FileHandler({str(tmp_path / "log")!r}))
        listener.start()
        logger.warning("written")
        listener.stop()
        assert open({str(tmp_path / "log")!r}).read() == "written\\n"

        with multiprocessing.dummy.Pool(2) as pool:
            assert pool.map(abs, [-1, -2]) == [1, 2]
        """
    )


def test_an_unknown_version_keeps_its_own_classes_and_warns_once() -> None:
    check(
        """
        import warnings
        import raddle, raddle._install
        raddle._install._KNOWN_VERSIONS = ((2, 7),)
        before = everything()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            raddle.install()
            raddle.install()
        assert [warning.category for warning in caught] == [RuntimeWarning]
        assert "does not know" in str(caught[0].message)
        assert caught[0].filename == "<string>"
        assert everything() == before
        assert not raddle.installed()
        """
    )


def test_a_native_module_that_does_not_load_is_an_error() -> None:
    check(
        """
        before = everything()
        sys.modules["raddle._native"] = None
        import raddle
        try:
            raddle.install()
        except ImportError:
            pass
        else:
            raise AssertionError("installed without a native module")
        assert not raddle.installed()
        del sys.modules["raddle._native"]
        assert everything() == before
        """
    )


@pytest.mark.parametrize("kind", ["isolated", "legacy"])
@pytest.mark.parametrize("threading_first", [False, True])
def test_another_interpreter_of_the_process_stays_with_its_own_classes(kind: str, threading_first: bool) -> None:
    check(
        f"""
        {"import threading" if threading_first else ""}
        inner = '''
        import sys
        assert "raddle._native" not in sys.modules
        import _thread, queue, threading
        import raddle
        raddle.install()
        assert not raddle.installed()
        assert type(_thread.allocate_lock()) is _thread.LockType is type(threading.Lock())
        for made in (threading.Event, threading.Condition, queue.Queue):
            assert "raddle" not in repr(made.__mro__), made.__mro__
        done = queue.Queue()
        done.put(threading.Event())
        done.get().set()
        with threading.RLock():
            print("stock inside", flush=True)
        '''
        if sys.version_info >= (3, 13):
            import _interpreters as interpreters
            interpreter = interpreters.create({kind!r})
            error = interpreters.exec(interpreter, inner)
            assert error is None, error.formatted
        else:
            import _xxsubinterpreters as interpreters
            interpreter = interpreters.create(isolated={kind == "isolated"})
            interpreters.run_string(interpreter, inner)
        interpreters.destroy(interpreter)
        assert is_native()
        """,
        output="stock inside\n",
        RADDLE_INSTALL="1",
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_a_forked_child_is_switched_too() -> None:
    check(
        """
        import raddle
        raddle.install()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                assert is_native()
                raddle.uninstall()
                assert is_stock()
                code = 0
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert is_native()
        """
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_a_child_forked_while_a_queue_moves_can_move_its_own() -> None:
    check(
        """
        import raddle
        raddle.install()
        import queue, threading, warnings
        from raddle.queue import _moving
        warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside a thread
        held, done = threading.Event(), threading.Event()
        def hold():
            with _moving:
                held.set()
                done.wait()
        holder = threading.Thread(target=hold)
        holder.start()
        held.wait()
        child = os.fork()
        if child == 0:
            made = queue.Queue()
            made.put(1)
            with made.mutex:
                os._exit(0 if list(made.queue) == [1] else 1)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        done.set()
        holder.join()
        assert code == 0
        """
    )


PREAMBLE = """
import os
import sys

def everything():
    "The objects of the switched modules, by module and name."
    import _thread, queue, threading
    return {
        (module.__name__, name): id(value)
        for module in (_thread, threading, queue)
        for name, value in vars(module).items()
        if name != "__warningregistry__"
    }

def is_native():
    import _thread, queue, threading
    from raddle import _native
    lock = type(_native.allocate_lock())
    assert type(_thread.allocate_lock()) is type(_thread.allocate()) is lock
    assert _thread.LockType is lock and _thread.RLock is _native.RLock
    assert type(threading.Lock()) is type(threading._allocate_lock()) is lock
    assert type(threading.RLock()) is _native.RLock
    if sys.version_info >= (3, 13):
        assert _thread.lock is threading.Lock is lock
    assert isinstance(threading.Condition(), _native.Condition)
    assert isinstance(threading.Event(), _native.Event)
    assert isinstance(threading.Semaphore(), _native.Semaphore)
    assert isinstance(threading.BoundedSemaphore(), _native.BoundedSemaphore)
    assert isinstance(threading.Barrier(1), _native.Barrier)
    assert isinstance(queue.Queue(), _native.Queue)
    assert isinstance(queue.LifoQueue().mutex, lock)
    assert isinstance(queue.PriorityQueue().not_empty, _native.Condition)
    assert queue.SimpleQueue is sys.modules["_queue"].SimpleQueue is _native.SimpleQueue
    return True

def is_stock():
    import _thread, queue, threading
    for made in (
        _thread.allocate_lock(), _thread.allocate(), _thread.RLock(),
        threading.Lock(), threading.RLock(), threading.Condition(), threading.Event(),
        threading.Semaphore(), threading.BoundedSemaphore(), threading.Barrier(1),
        queue.Queue(), queue.LifoQueue(), queue.PriorityQueue(), queue.Queue().mutex,
        queue.SimpleQueue(), sys.modules["_queue"].SimpleQueue(),
    ):
        native = sys.modules.get("raddle._native")
        kinds = [kind for kind in vars(native).values() if isinstance(kind, type)] if native else []
        assert not isinstance(made, tuple(kinds)), made
    return True
"""


def check(code: str, *, output: str = "", site: bool = True, **environment: str) -> None:
    """Run the code in a new process, which must end well and write nothing but the expected output.

    Without `site` the process starts with hardly a module imported, and without the start-up hook.
    """
    inherited = {name: value for name, value in os.environ.items() if name not in ("RADDLE_INSTALL", "PYTHONPATH")}
    if not site:
        inherited["PYTHONPATH"] = str(Path(raddle.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, *([] if site else ["-S"]), "-c", PREAMBLE + textwrap.dedent(code)],
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        timeout=TIME_BOX,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, output, ""), done.stderr
