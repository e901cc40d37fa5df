"""Where a thread acquired a lock: read from the source of the calls that it is in.

Nothing is noted when a lock is acquired. A thread that sleeps inside the body of `with lock:` says by its stack
where that was; one that called `acquire` says so if the call it stands in has one place only where it can have been.
"""

from __future__ import annotations

import ast
import linecache
from typing import Any

from raddle import _native
from raddle.diagnostics._names import attributes, is_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import FrameType

_Function = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def acquired_at(address: int, frames: Iterable[FrameType]) -> tuple[str, int, str] | None:
    """Return the file, the line and the function in which the lock at the address was acquired, if a frame says so."""
    for frame in frames:
        line = _line_in(frame, address)
        if line is not None:
            return frame.f_code.co_filename, line, frame.f_code.co_name
    return None


def _line_in(frame: FrameType, address: int) -> int | None:
    body = _body_of(frame)
    around = [line for line, subject in _withs(body, frame) if _is_lock_at(subject, address)]
    if around:
        return around[-1]
    calls = [line for line, subject in _calls(body, frame) if _is_lock_at(subject, address)]
    return calls[0] if len(calls) == 1 else None


def _body_of(frame: FrameType) -> list[ast.AST]:
    """Return the statements of the code that the frame runs, those of functions inside of it left out."""
    source = "".join(linecache.getlines(frame.f_code.co_filename, frame.f_globals))
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return []
    code = frame.f_code
    if code.co_name == "<module>":
        return list(_own(tree))
    for node in ast.walk(tree):
        if isinstance(node, _Function) and _first_line(node) == code.co_firstlineno:
            name = "<lambda>" if isinstance(node, ast.Lambda) else node.name
            if name == code.co_name:
                return list(_own(node))
    return []


def _first_line(node: Any) -> int:
    # To the interpreter, a function begins with its decorators.
    lines: list[int] = [node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))]
    return min(lines)


def _own(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, (*_Function, ast.ClassDef)):
            yield from _own(child)


def _withs(body: list[ast.AST], frame: FrameType) -> Iterator[tuple[int, object]]:
    """Yield what is held by the `with` statements that the frame stands in, the outermost first."""
    for node in body:
        if isinstance(node, ast.With) and node.lineno <= frame.f_lineno <= (node.end_lineno or 0):
            for item in node.items:
                yield item.context_expr.lineno, _value_of(item.context_expr, frame)


def _calls(body: list[ast.AST], frame: FrameType) -> Iterator[tuple[int, object]]:
    """Yield that whose `acquire` is called above the line at which the frame stands."""
    for node in body:
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "acquire"
            and node.lineno < frame.f_lineno
        ):
            yield node.lineno, _value_of(node.func.value, frame)


def _value_of(expression: ast.expr, frame: FrameType) -> object:
    """Return what an expression means, as far as that can be told without running code of the program."""
    if isinstance(expression, ast.Name):
        return frame.f_locals.get(expression.id, frame.f_globals.get(expression.id))
    if isinstance(expression, ast.Attribute):
        return attributes(_value_of(expression.value, frame)).get(expression.attr)
    if isinstance(expression, ast.Subscript):
        whole, index = _value_of(expression.value, frame), _index_of(expression.slice, frame)
        try:
            if type(whole) in (list, tuple, dict) and type(index) in (int, str):
                held: Any = whole
                return held[index]
        except (LookupError, TypeError):
            pass
    return None


def _index_of(expression: ast.expr, frame: FrameType) -> object:
    return expression.value if isinstance(expression, ast.Constant) else _value_of(expression, frame)


def _is_lock_at(subject: object, address: int) -> bool:
    if isinstance(subject, _native.Condition):
        subject = attributes(subject).get("_lock", subject)
    return is_at(subject, address)
