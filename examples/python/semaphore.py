"""Semaphore: twelve threads share three connections, and never more than three are in use.

The barrier is there for the proof: it opens when three threads are inside, so that three at the same time is not only
the most there can be, but what there was.
"""

from __future__ import annotations

import threading

CONNECTIONS = 3
USERS = 12


class Connections:
    """Three connections, lent to one thread each."""

    def __init__(self) -> None:
        # A bounded one finds the mistake of giving back what was not taken.
        self.permits = threading.BoundedSemaphore(CONNECTIONS)
        self.lock = threading.Lock()
        self.free = list(range(CONNECTIONS))
        self.most_in_use = 0

    def take(self) -> int:
        self.permits.acquire()
        with self.lock:
            connection = self.free.pop()
            self.most_in_use = max(self.most_in_use, CONNECTIONS - len(self.free))
        return connection

    def give_back(self, connection: int) -> None:
        with self.lock:
            self.free.append(connection)
        self.permits.release()


def main() -> None:
    connections = Connections()
    meeting = threading.Barrier(CONNECTIONS)
    used: list[int] = []

    def use() -> None:
        connection = connections.take()
        meeting.wait()
        used.append(connection)
        connections.give_back(connection)

    users = [threading.Thread(target=use) for _ in range(USERS)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    assert connections.most_in_use == CONNECTIONS
    assert sorted(used) == sorted([*range(CONNECTIONS)] * (USERS // CONNECTIONS))
    assert [connections.permits.acquire(blocking=False) for _ in range(CONNECTIONS + 1)] == [True] * CONNECTIONS + [
        False
    ]
    print("a fourth permit is not to be had without waiting")
    connections.permits.release(CONNECTIONS)
    try:
        connections.permits.release()
    except ValueError as error:
        print(f"nor can a fourth be given back: {error}")
    else:
        raise AssertionError("there is a permit too many")
    print(f"{USERS} threads used {CONNECTIONS} connections, {connections.most_in_use} at the same time")


if __name__ == "__main__":
    main()
