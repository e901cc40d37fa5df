"""The standard library's `concurrent.futures` with raddle's futures and thread pool in it.

Every public name of the running interpreter's `concurrent.futures` is here. `Future`, `wait`,
`as_completed` and `ThreadPoolExecutor` are raddle's own; all other names are the standard library's,
live, the executors of processes and of interpreters among them. Futures of either kind go through
the functions of either module, and through asyncio.
"""

from __future__ import annotations

import concurrent.futures as _stock

from raddle import _facade, _install
from raddle.concurrent.futures._future import _STOCK_FUTURE, Future
from raddle.concurrent.futures._waiting import (
    _STOCK_AS_COMPLETED,
    _STOCK_WAIT,
    as_completed,
    wait,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def __getattr__(name: str) -> Any:
    # As in the standard library's module, the pool is imported when somebody asks for it.
    if name in ("ThreadPoolExecutor", "thread"):
        from importlib import import_module

        module = import_module(f"{__name__}.thread")
        return module if name == "thread" else module.ThreadPoolExecutor
    raise AttributeError(name)


_switched: tuple[tuple[object, object], ...] = (
    (_STOCK_FUTURE, Future),
    (_STOCK_WAIT, wait),
    (_STOCK_AS_COMPLETED, as_completed),
)

_facade.show_through(__name__)

# If this import was what brought the standard module into a switched process.
_install._switch(_stock)
