"""Good habits: share little, let a pool keep the threads, put an end to every wait, ask threads to stop.

The same letters are counted in two ways. In the first, threads share nothing: each returns its own count. In the
second they share one, under a lock. The first is shorter, and there is nothing in it that could be forgotten.
"""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from operator import add

LINES = [f"line {number} of a text that is long enough" for number in range(400)]


def split(lines: list[str], parts: int) -> list[list[str]]:
    return [lines[part::parts] for part in range(parts)]


def count_apart() -> Counter[str]:
    """Share nothing: what a call needs is its argument, and what it finds is its result."""

    def count(lines: list[str]) -> Counter[str]:
        return Counter("".join(lines))

    with ThreadPoolExecutor() as pool:
        return reduce(add, pool.map(count, split(LINES, 4)))


def count_together() -> Counter[str]:
    """Share one thing: whoever changes it holds its lock, and for no longer than that."""
    letters: Counter[str] = Counter()
    lock = threading.Lock()

    def count(lines: list[str]) -> None:
        found = Counter("".join(lines))
        with lock:
            letters.update(found)

    with ThreadPoolExecutor() as pool:
        # Asking for the results brings up exceptions, which would be lost else.
        for future in [pool.submit(count, part) for part in split(LINES, 4)]:
            future.result(timeout=60)
    return letters


def keep_what_is_expensive() -> int:
    """Give each thread its own, made when it first needs it, of what threads cannot share."""
    own = threading.local()
    made: list[int] = []

    def convert(number: int) -> int:
        if not hasattr(own, "table"):
            own.table = {digit: str(digit) for digit in range(10)}
            made.append(threading.get_ident())
        return int(own.table[number % 10])

    with ThreadPoolExecutor(max_workers=3) as pool:
        assert list(pool.map(convert, range(100))) == [number % 10 for number in range(100)]
    assert len(made) == len(set(made)) <= 3
    return len(made)


def stop_on_request() -> int:
    """Ask a thread to stop: nobody can end it from outside, so it has to look."""
    stop, beats, first = threading.Event(), [0], threading.Event()

    def beat() -> None:
        # A wait with a timeout is a pause that ends at once when the thread shall stop.
        while not stop.wait(timeout=0.001):
            beats[0] += 1
            first.set()

    heart = threading.Thread(target=beat, name="heart")
    heart.start()
    assert first.wait(timeout=60)
    stop.set()
    heart.join(timeout=60)
    assert not heart.is_alive()
    return beats[0]


def main() -> None:
    expected = Counter("".join(LINES))
    assert count_apart() == count_together() == expected
    print(f"{expected.total()} letters, counted apart and together: the same")
    assert keep_what_is_expensive() >= 1
    print("each thread of the pool made its own table, and no more than one")
    assert stop_on_request() >= 1
    print("the thread stopped when it was asked to")


if __name__ == "__main__":
    main()
