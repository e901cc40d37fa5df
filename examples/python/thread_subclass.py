"""Creating threads, the first way: a class that inherits from Thread and says in `run` what the thread does.

Each thread counts the words of one verse. What it found stays in the thread object, which nobody else writes to, so
that no lock is needed: who has joined the thread may read it.
"""

from __future__ import annotations

import threading
from collections import Counter

VERSES = {
    "warp": "up and down the long threads go, and up and down again",
    "weft": "to and fro the shuttle goes, and to and fro again",
    "cloth": "up and down and to and fro, and then the cloth is done",
}


class WordCounter(threading.Thread):
    """A thread with an argument of its own and a result."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(name=name)
        self.text = text
        self.words: Counter[str] = Counter()

    def run(self) -> None:
        self.words.update(self.text.replace(",", "").split())


def main() -> None:
    counters = [WordCounter(name, text) for name, text in VERSES.items()]
    for counter in counters:
        counter.start()
    total: Counter[str] = Counter()
    for counter in counters:
        counter.join()
        total += counter.words
        print(f"{counter.name}: {counter.words.total()} words")
    assert total == Counter(" ".join(VERSES.values()).replace(",", "").split())
    word, times = total.most_common(1)[0]
    print(f"{total.total()} words by {len(counters)} threads, {times} of them {word!r}")


if __name__ == "__main__":
    main()
