"""A morning in a bakery: a program with threads, written for the standard library.

It uses what such programs use: threads by subclass and by target, a lock, a condition, a semaphore, an event, a
barrier, a queue that is joined, and a pool. Its output is the same in every run, up to the order of the lines.
"""

from __future__ import annotations

import queue
import threading
from concurrent.futures import ThreadPoolExecutor

BAKERS = 3
OVENS = 2
PRICES = {"rye bread": 5, "baguette": 2, "croissant": 3}
CUSTOMERS = ("Ada", "Barbara", "Edsger", "Grace", "Leslie", "Tony")
ORDERS = [(customer, bread) for customer in CUSTOMERS for bread in PRICES]


class Till:
    """The money taken so far, and the only way to speak: one thread at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.total = 0

    def take(self, customer: str, bread: str) -> None:
        with self.lock:
            self.total += PRICES[bread]
            print(f"{customer} pays for a {bread}")


class Flour:
    """Sacks of flour: bakers wait until the mill has delivered one."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.sacks = 0

    def deliver(self, sacks: int) -> None:
        for _ in range(sacks):
            with self.changed:
                self.sacks += 1
                self.changed.notify()

    def use(self) -> None:
        with self.changed:
            self.changed.wait_for(lambda: self.sacks > 0)
            self.sacks -= 1


class Ovens:
    """Room for a few breads at a time."""

    def __init__(self) -> None:
        self.places = threading.Semaphore(OVENS)
        self.lock = threading.Lock()
        self.inside = 0

    def bake(self) -> None:
        with self.places:
            with self.lock:
                self.inside += 1
                if self.inside > OVENS:
                    raise RuntimeError(f"{self.inside} breads in {OVENS} ovens")
            with self.lock:
                self.inside -= 1


class Bakery:
    """What all bakers share."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.orders: queue.Queue[tuple[str, str] | None] = queue.Queue(maxsize=4)
        self.flour = Flour()
        self.ovens = Ovens()
        self.till = Till()
        self.evening = threading.Barrier(BAKERS, action=lambda: print("All bakers have cleaned their tables"))


class Baker(threading.Thread):
    """A thread by subclass."""

    def __init__(self, bakery: Bakery, number: int) -> None:
        super().__init__(name=f"baker {number}")
        self.bakery = bakery

    def run(self) -> None:
        bakery = self.bakery
        bakery.open.wait()
        while (order := bakery.orders.get()) is not None:
            bakery.flour.use()
            bakery.ovens.bake()
            bakery.till.take(*order)
            bakery.orders.task_done()
        bakery.orders.task_done()
        bakery.evening.wait()


def bill(customer: str) -> str:
    owed = sum(PRICES[bread] for name, bread in ORDERS if name == customer)
    return f"{customer} has paid {owed}"


def main() -> None:
    bakery = Bakery()
    bakers = [Baker(bakery, number) for number in range(BAKERS)]
    mill = threading.Thread(target=bakery.flour.deliver, args=(len(ORDERS),), name="mill")
    for thread in (*bakers, mill):
        thread.start()
    print("The door opens")
    bakery.open.set()
    for order in ORDERS:
        bakery.orders.put(order)
    for _ in bakers:
        bakery.orders.put(None)
    bakery.orders.join()
    for thread in (*bakers, mill):
        thread.join()
    with ThreadPoolExecutor(max_workers=2) as clerks:
        for line in clerks.map(bill, CUSTOMERS):
            print(line)
    print(f"{bakery.till.total} in the till, {bakery.flour.sacks} sacks left, {threading.active_count()} thread")


if __name__ == "__main__":
    main()
