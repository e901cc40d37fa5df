"""Producers and consumers with a bounded queue between them, and an end that reaches everybody.

From Python 3.13 on a queue can be shut down: who waits for an item, or for a place, is told so. Before, a sentinel for
each consumer has to travel through the queue, and nothing ends a producer that waits for a place.
"""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Iterator

PLACES = 4
PRODUCERS = 3
CONSUMERS = 2
ITEMS_EACH = 100


class Channel:
    """A queue with few places that can be closed, in the way that this version of Python has."""

    def __init__(self) -> None:
        self.items: queue.Queue[int | None] = queue.Queue(maxsize=PLACES)

    if sys.version_info >= (3, 13):

        def close(self) -> None:
            self.items.shutdown()

        def __iter__(self) -> Iterator[int]:
            while True:
                try:
                    item = self.items.get()
                except queue.ShutDown:
                    return
                assert item is not None
                yield item

    else:

        def close(self) -> None:
            for _ in range(CONSUMERS):
                self.items.put(None)

        def __iter__(self) -> Iterator[int]:
            while (item := self.items.get()) is not None:
                yield item


def produce(channel: Channel, first: int) -> None:
    for item in range(first, first + ITEMS_EACH):
        channel.items.put(item)


def consume(channel: Channel, consumed: list[int], depths: list[int]) -> None:
    for item in channel:
        consumed.append(item)
        depths.append(channel.items.qsize())


def main() -> None:
    channel = Channel()
    consumed: list[list[int]] = [[] for _ in range(CONSUMERS)]
    depths: list[int] = []
    producers = [
        threading.Thread(target=produce, args=(channel, number * ITEMS_EACH), name=f"producer {number}")
        for number in range(PRODUCERS)
    ]
    consumers = [
        threading.Thread(target=consume, args=(channel, items, depths), name=f"consumer {number}")
        for number, items in enumerate(consumed)
    ]
    for thread in (*producers, *consumers):
        thread.start()
    for producer in producers:
        producer.join()
    # All that was produced is in the queue or taken. What is in it is still given out.
    channel.close()
    for consumer in consumers:
        consumer.join()

    assert sorted(item for items in consumed for item in items) == list(range(PRODUCERS * ITEMS_EACH))
    assert max(depths) <= PLACES
    print(f"{PRODUCERS} producers and {CONSUMERS} consumers: {len(depths)} items, each consumed once")
    print(f"there were never more than {PLACES} in the queue")
    for items in consumed:
        for first in range(0, PRODUCERS * ITEMS_EACH, ITEMS_EACH):
            part = [item for item in items if first <= item < first + ITEMS_EACH]
            assert part == sorted(part)
    print("no consumer got the items of a producer out of their order")
    end_those_who_wait()


if sys.version_info >= (3, 13):

    def end_those_who_wait() -> None:
        """Show that a producer in a full queue is told of the end."""
        full: queue.Queue[int] = queue.Queue(maxsize=1)
        full.put(0)
        refused: list[int] = []

        def put_one_more() -> None:
            try:
                full.put(1)
            except queue.ShutDown:
                refused.append(1)

        producer = threading.Thread(target=put_one_more)
        producer.start()
        # Whether the producer waits already, or comes to it now, it is told.
        full.shutdown(immediate=True)
        producer.join()
        assert refused == [1]
        assert full.empty()
        print("closed by shutdown: a producer that found no place was told so")

else:

    def end_those_who_wait() -> None:
        print("closed by sentinels: before 3.13 a queue cannot be shut down")


if __name__ == "__main__":
    main()
