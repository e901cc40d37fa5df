"""A pipeline: three stages, each a thread, with queues between them that have few places.

Readings of thermometers are read, converted and averaged. A stage that is faster than the next one waits for a place,
so that nothing piles up. A reading that cannot be read takes the place of its result and travels on, instead of ending
its stage and leaving the others waiting for ever.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from queue import Queue
from statistics import mean
from typing import Any, NamedTuple

PLACES = 4
READINGS = [f"{station} {50 + 9 * day}" for day in range(20) for station in ("coast", "hill", "valley")]
BROKEN = ["hill cold", "nowhere"]


class Failure(NamedTuple):
    """What could not be worked on, and why."""

    item: object
    error: Exception


class Temperature(NamedTuple):
    """A reading."""

    station: str
    degrees: float


class End:
    """Travels behind the last item."""


def read(line: str) -> Temperature:
    station, degrees = line.split()
    return Temperature(station, float(degrees))


def to_celsius(reading: Temperature) -> Temperature:
    return reading._replace(degrees=(reading.degrees - 32) / 9 * 5)


def run_stage(work: Callable[[Any], object], source: Queue[object], target: Queue[object]) -> None:
    while not isinstance(item := source.get(), End):
        if not isinstance(item, Failure):
            try:
                item = work(item)
            except ValueError as error:
                item = Failure(item, error)
        target.put(item)
    target.put(item)


def run_pipeline(items: Iterable[object], *stages: Callable[[Any], object]) -> list[object]:
    """Send the items through the stages; return what comes out, in order."""
    queues: list[Queue[object]] = [Queue(maxsize=PLACES) for _ in range(len(stages) + 1)]

    def feed() -> None:
        for item in items:
            queues[0].put(item)
        queues[0].put(End())

    threads = [threading.Thread(target=feed, name="feed")]
    for work, source, target in zip(stages, queues, queues[1:], strict=False):
        threads.append(threading.Thread(target=run_stage, args=(work, source, target), name=work.__name__))
    for thread in threads:
        thread.start()
    results: list[object] = []
    while not isinstance(item := queues[-1].get(), End):
        results.append(item)
    for thread in threads:
        thread.join()
    assert all(queue.empty() for queue in queues)
    return results


def main() -> None:
    results = run_pipeline([*READINGS, *BROKEN], read, to_celsius)
    readings = [result for result in results if isinstance(result, Temperature)]
    failures = [result for result in results if isinstance(result, Failure)]
    assert [reading.station for reading in readings] == [line.split()[0] for line in READINGS]
    assert [failure.item for failure in failures] == BROKEN
    for station in ("coast", "hill", "valley"):
        average = mean(reading.degrees for reading in readings if reading.station == station)
        print(f"{station}: {average:.1f} °C")
        # 50 °F are 10 °C, and every day is 9 °F warmer, which is 5 °C.
        assert abs(average - (10 + 5 * 19 / 2)) < 1e-9
    for failure in failures:
        print(f"{failure.item!r}: {failure.error}")
    print(f"{len(readings)} readings came through in order, {len(failures)} were unreadable")


if __name__ == "__main__":
    main()
