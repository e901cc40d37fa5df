"""A pool of threads: calls are made by threads that somebody else starts, keeps and ends.

Orders are read by a pool, in the three ways in which results can be waited for. An order that cannot be read is an
exception, which its future keeps for whoever asks for the result; the threads and all other calls go on.
"""

from __future__ import annotations

import threading
from concurrent.futures import ALL_COMPLETED, CancelledError, ThreadPoolExecutor, as_completed, wait

ORDERS = ("3 rye breads", "12 rolls", "a dozen rolls", "5 baguettes", "no bread", "1 cake")


def read(order: str) -> int:
    number, _, _ = order.partition(" ")
    return int(number)


def main() -> None:
    with ThreadPoolExecutor(max_workers=3, thread_name_prefix="clerk") as clerks:
        show_map(clerks)
        show_futures(clerks)
    # The end of the block has waited for the calls, and for the threads.
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("clerk")]
    print("the threads of the pool have ended with the block")
    show_cancel()


def show_map(clerks: ThreadPoolExecutor) -> None:
    readable = [order for order in ORDERS if order[0].isdigit()]
    numbers = list(clerks.map(read, readable))
    assert numbers == [3, 12, 5, 1]
    print(f"map keeps the order: {numbers}")


def show_futures(clerks: ThreadPoolExecutor) -> None:
    futures = {clerks.submit(read, order): order for order in ORDERS}
    # They come as they are done, and so in another order in every run.
    items = unreadable = 0
    for future in as_completed(futures):
        if future.exception() is None:
            items += future.result()
        else:
            unreadable += 1
    assert (items, unreadable) == (21, 2)
    print(f"as_completed: {items} items ordered, {unreadable} orders nobody could read")

    done, not_done = wait(futures, return_when=ALL_COMPLETED)
    assert done == futures.keys()
    assert not not_done
    for future, order in futures.items():
        if error := future.exception():
            assert isinstance(error, ValueError)
            print(f"{order!r}: {error}")


def show_cancel() -> None:
    begun, go = threading.Event(), threading.Event()

    def hold_up() -> str:
        begun.set()
        go.wait()
        return "done"

    called: list[str] = []
    with ThreadPoolExecutor(max_workers=1) as clerk:
        running = clerk.submit(hold_up)
        waiting = clerk.submit(called.append, "called")
        waiting.add_done_callback(lambda _: called.append("told of the end"))
        begun.wait()
        assert not running.cancel()
        assert waiting.cancel()
        go.set()
        assert running.result() == "done"
        try:
            waiting.result()
        except CancelledError:
            print("a call that waits can be cancelled, one that runs cannot")
    assert called == ["told of the end"]


if __name__ == "__main__":
    main()
