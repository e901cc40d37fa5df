"""Making, using and dropping futures and pools leaves nothing behind, in the interpreter's memory or in ours."""

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, as_completed, wait

from memory import measure

POOL = ThreadPoolExecutor(2)
PENDING: Future = Future()


def make_futures() -> None:
    """One for each end."""
    returned: Future = Future()
    returned.add_done_callback(str)
    returned.set_result(object())
    returned.result()
    raised: Future = Future()
    raised.set_exception(KeyError())
    raised.exception()
    cancelled: Future = Future()
    cancelled.cancel()


def watch_futures() -> None:
    """Looks, in every way, at a future that has ended and at one that never does."""
    done: Future = Future()
    done.set_result(1)
    wait([PENDING, done], 0)
    wait([PENDING, done], None, FIRST_COMPLETED)
    assert next(as_completed([PENDING, done])) is done


def open_futures() -> None:
    """Reaches into a future."""
    future: Future = Future()
    with future._condition:
        future._waiters.clear()
    future.set_result(1)


def submit_tasks() -> None:
    """Tasks that return, raise, or are cancelled."""
    returned, raised = POOL.submit(abs, -1), POOL.submit(divmod, 1, 0)
    POOL.submit(int).cancel()
    assert returned.result() == 1
    assert raised.exception() is not None


def make_pool() -> None:
    """A pool that is shut down, and one that is dropped."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(int)
    ThreadPoolExecutor(1).submit(int).result()


if __name__ == "__main__":
    measure(
        (make_futures, 10_000, 60_000),
        (watch_futures, 5_000, 30_000),
        (open_futures, 5_000, 20_000),
        (submit_tasks, 1_000, 8_000),
        (make_pool, 200, 1_000),
    )
    POOL.shutdown()
