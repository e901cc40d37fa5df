"""RLock: a store whose methods lock it, and call each other.

`move` takes something out of one shelf and puts it into another. Both steps lock the store, and so does the whole, in
order that nobody counts the stock in between. A plain Lock would wait for itself in the second step.
"""

from __future__ import annotations

import threading

SHELVES = ("left", "right", "top")
ITEMS = 30
ROUNDS = 200


class Store:
    """Shelves with a number of items on each."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.stock: dict[str, int] = dict.fromkeys(SHELVES, 0)

    def add(self, shelf: str) -> None:
        with self.lock:
            self.stock[shelf] += 1

    def remove(self, shelf: str) -> bool:
        with self.lock:
            if self.stock[shelf] == 0:
                return False
            self.stock[shelf] -= 1
            return True

    def move(self, source: str, target: str) -> None:
        with self.lock:
            if self.remove(source):
                self.add(target)

    def count(self) -> int:
        with self.lock:
            return sum(self.stock.values())


def move_around(store: Store, path: tuple[str, ...]) -> None:
    for _ in range(ROUNDS):
        for source, target in zip(path, (*path[1:], path[0]), strict=True):
            store.move(source, target)


def take_stock(store: Store, counts: list[int]) -> None:
    counts.extend(store.count() for _ in range(ROUNDS))


def main() -> None:
    store = Store()
    for number in range(ITEMS):
        store.add(SHELVES[number % len(SHELVES)])
    counts: list[int] = []
    threads = [
        threading.Thread(target=move_around, args=(store, SHELVES)),
        threading.Thread(target=move_around, args=(store, SHELVES[::-1])),
        threading.Thread(target=take_stock, args=(store, counts)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [ITEMS] * ROUNDS
    show_who_may_release(store.lock)
    print(f"the stock was taken {len(counts)} times while things were moved: always {ITEMS}")


def show_who_may_release(lock: threading.RLock) -> None:
    refusals: list[str] = []

    def release() -> None:
        try:
            lock.release()
        except RuntimeError as error:
            refusals.append(str(error))

    with lock:
        thread = threading.Thread(target=release)
        thread.start()
        thread.join()
    assert len(refusals) == 1
    print(f"a thread that does not hold the lock cannot release it: {refusals[0]}")


if __name__ == "__main__":
    main()
