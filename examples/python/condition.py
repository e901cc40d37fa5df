"""Condition: pages that are set by several threads at the same time, and printed in their order.

A thread that has set its page waits until the page before it has been printed. `wait_for` looks at that before it
waits, so that a notification which came earlier is not missed.
"""

from __future__ import annotations

import threading

PAGES = ("On Threads", "They are spun.", "They are held in order.", "They are woven.", "The End")


class Press:
    """Prints one page after the other."""

    def __init__(self) -> None:
        self.turned = threading.Condition()
        self.printed: list[str] = []

    def print_page(self, number: int, text: str) -> None:
        with self.turned:
            self.turned.wait_for(lambda: len(self.printed) == number)
            self.printed.append(text)
            print(f"{number + 1}. {text}")
            self.turned.notify_all()

    def wait_for_all(self, timeout: float) -> bool:
        with self.turned:
            return self.turned.wait_for(lambda: len(self.printed) == len(PAGES), timeout)


def main() -> None:
    press = Press()
    assert not press.wait_for_all(timeout=0)
    # The last page comes to the press first.
    setters = [threading.Thread(target=press.print_page, args=page) for page in reversed(list(enumerate(PAGES)))]
    for setter in setters:
        setter.start()
    assert press.wait_for_all(timeout=60)
    for setter in setters:
        setter.join()
    assert press.printed == list(PAGES)
    print(f"{len(press.printed)} pages, each in its place")


if __name__ == "__main__":
    main()
