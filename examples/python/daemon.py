"""Daemon threads: the program does not wait for them, and does wait for all others.

A daemon is cut off without notice when the program ends. So the main thread waits until the daemon has done what
matters, here with `join` of the queue, and then leaves it waiting for more.
"""

from __future__ import annotations

import queue
import threading

ENTRIES = ("the shop opens", "a customer comes", "the shop closes")


def keep_journal(entries: queue.Queue[str], journal: list[str]) -> None:
    while True:
        journal.append(entries.get())
        entries.task_done()


def tidy_up(journal: list[str]) -> None:
    # Not a daemon: the program goes on until this thread has ended, even when the main thread has.
    threading.main_thread().join()
    print(f"the main thread has ended, the caretaker has not: {len(journal)} entries")


def main() -> None:
    entries: queue.Queue[str] = queue.Queue()
    journal: list[str] = []
    keeper = threading.Thread(target=keep_journal, args=(entries, journal), name="keeper", daemon=True)
    caretaker = threading.Thread(target=tidy_up, args=(journal,), name="caretaker")
    assert (keeper.daemon, caretaker.daemon) == (True, False)
    keeper.start()
    caretaker.start()
    for entry in ENTRIES:
        entries.put(entry)
    entries.join()
    assert journal == list(ENTRIES)
    print(*journal, sep="\n")
    assert keeper.is_alive()
    print("the main thread leaves; the keeper, a daemon, still waits for entries and holds nobody up")


if __name__ == "__main__":
    main()
