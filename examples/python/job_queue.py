"""Queues: how threads hand things to each other, and in which order these come out.

A queue of jobs is worked off by three threads; `join` waits until every job is not only taken but done. The jobs of a
priority queue come out by their urgency, those of a stack the last one first.
"""

from __future__ import annotations

import queue
import threading

JOBS = range(1, 31)
WORKERS = 3


def work(jobs: queue.Queue[int | None], squares: queue.SimpleQueue[tuple[int, int]]) -> None:
    # One None for each worker says that there is no more.
    while (job := jobs.get()) is not None:
        squares.put((job, job * job))
        jobs.task_done()
    jobs.task_done()


def share_out_jobs() -> None:
    # Ten places: who puts faster than the workers take waits for a place.
    jobs: queue.Queue[int | None] = queue.Queue(maxsize=10)
    squares: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
    workers = [threading.Thread(target=work, args=(jobs, squares)) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    for job in JOBS:
        jobs.put(job)
    jobs.join()
    done = dict(squares.get() for _ in JOBS)
    assert done == {job: job * job for job in JOBS}
    assert squares.empty()
    print(f"{len(done)} jobs were done by {WORKERS} threads, each once")
    for _ in workers:
        jobs.put(None)
    for worker in workers:
        worker.join()
    assert jobs.unfinished_tasks == 0


def show_orders() -> None:
    items = [(3, "sweep the floor"), (1, "put out the fire"), (2, "answer the door")]
    orders: list[queue.Queue[tuple[int, str]]] = [queue.Queue(), queue.LifoQueue(), queue.PriorityQueue()]
    for order in orders:
        for item in items:
            order.put(item)
    first_in, last_in, by_priority = ([order.get() for _ in items] for order in orders)
    assert (first_in, last_in, by_priority) == (items, items[::-1], sorted(items))
    for order, taken in zip(orders, (first_in, last_in, by_priority), strict=True):
        print(f"{type(order).__name__}: {', then '.join(text for _, text in taken)}")


def show_limits() -> None:
    full: queue.Queue[str] = queue.Queue(maxsize=1)
    full.put("one")
    try:
        full.put_nowait("two")
    except queue.Full:
        print("who will not wait for a place is told that there is none")
    assert full.get() == "one"
    try:
        full.get(timeout=0.01)
    except queue.Empty:
        print("who will not wait longer for an item is told that there is none")
    assert full.qsize() == 0


if __name__ == "__main__":
    show_orders()
    show_limits()
    share_out_jobs()
