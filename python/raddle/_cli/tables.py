"""Tables: with rich on a terminal, if that is installed, and as plain columns else."""

from __future__ import annotations

import importlib
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any


def show(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> None:
    """Print a table, the columns named in `right` flush right. What could steer a terminal is shown as what it is."""
    cleaned = [[printable(cell) for cell in row] for row in rows]
    if sys.stdout.isatty() and _show_rich(columns, cleaned, right):
        return
    widths = [max(map(len, column)) for column in zip(columns, *cleaned, strict=True)]
    for row in (columns, *cleaned):
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for cell, width, column in zip(row, widths, columns, strict=True)
        ]
        print("  ".join(cells).rstrip())


def in_one_go(write: Callable[[], None]) -> int:
    """Write, and return the exit code of success: also where whoever reads goes away before the end."""
    try:
        write()
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads, `head` for one, has enough. What is left is not to be tried again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def printable(text: str) -> str:
    """Return the text with what is not printed, control characters above all, as escapes."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape", "surrogatepass").decode() for letter in text
    )


def _show_rich(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str]) -> bool:
    try:
        console: Any = importlib.import_module("rich.console")
        table: Any = importlib.import_module("rich.table")
        text: Any = importlib.import_module("rich.text")
        box: Any = importlib.import_module("rich.box")
    except ImportError:
        return False
    drawn = table.Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        drawn.add_column(column, justify="right" if column in right else "left")
    for row in rows:
        # As text, not as rich's markup, which a thread's name may happen to look like.
        drawn.add_row(*(text.Text(cell) for cell in row))
    console.Console(highlight=False).print(drawn)
    return True
