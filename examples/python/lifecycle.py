"""The life of a thread: new, runnable, blocked, terminated. Every state is seen from outside.

Whether a thread is blocked is not to be read off the thread itself. Here it is certain: the thread announces its wait
with the condition held, and gives the condition up by nothing but waiting.
"""

from __future__ import annotations

import threading
from typing import NamedTuple


class Look(NamedTuple):
    """What a thread object says of its thread."""

    has_number: bool
    is_alive: bool
    is_listed: bool


class Traveller(threading.Thread):
    """A thread that waits for its train and then ends."""

    def __init__(self) -> None:
        super().__init__(name="traveller")
        self.changed = threading.Condition()
        self.is_on_the_platform = False
        self.train_is_there = False

    def run(self) -> None:
        with self.changed:
            self.is_on_the_platform = True
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.train_is_there)


def main() -> None:
    traveller = Traveller()
    assert look_at(traveller) == Look(has_number=False, is_alive=False, is_listed=False)
    print("new: it has no number yet, and is not among the living")

    with traveller.changed:
        traveller.start()
        # It cannot come further than to the condition, which is ours.
        assert look_at(traveller) == Look(has_number=True, is_alive=True, is_listed=True)
        print("runnable: it has a number, and is among the living")

        traveller.changed.wait_for(lambda: traveller.is_on_the_platform)
        traveller.join(timeout=0)
        assert look_at(traveller) == Look(has_number=True, is_alive=True, is_listed=True)
        print("blocked: it waits for the train, and a join with a timeout has come back without it")

        traveller.train_is_there = True
        traveller.changed.notify_all()

    traveller.join()
    assert look_at(traveller) == Look(has_number=True, is_alive=False, is_listed=False)
    print("terminated: it keeps its number, and is not among the living")

    show_that_there_is_one_life(traveller)
    show_an_end_by_an_exception()
    print("new, runnable, blocked, terminated: each was seen from outside")


def look_at(thread: threading.Thread) -> Look:
    return Look(thread.ident is not None, thread.is_alive(), thread in threading.enumerate())


def show_that_there_is_one_life(thread: threading.Thread) -> None:
    try:
        thread.start()
    except RuntimeError as error:
        print(f"a second start is refused: {error}")
    else:
        raise AssertionError("the thread has started twice")


def show_an_end_by_an_exception() -> None:
    """Show that an exception ends the thread, is reported to the hook, and leaves all other threads alone."""
    reports: list[str] = []

    def report(arguments: threading.ExceptHookArgs) -> None:
        assert arguments.thread is not None
        reports.append(f"{arguments.thread.name} ended by {arguments.exc_type.__name__}: {arguments.exc_value}")

    threading.excepthook, before = report, threading.excepthook
    try:
        thread = threading.Thread(target=int, args=("twelve",), name="reader")
        thread.start()
        thread.join()
    finally:
        threading.excepthook = before
    assert not thread.is_alive()
    assert len(reports) == 1
    print(*reports)


if __name__ == "__main__":
    main()
