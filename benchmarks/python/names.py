"""What records, machines and interpreters are called: in paths, and for readers."""

from __future__ import annotations

import re
from typing import Any

Record = dict[str, Any]


def title(record: Record) -> str:
    """Return the interpreter and its build, for readers."""
    interpreter = record["interpreter"]
    build = {True: "PGO", False: "no PGO", None: "PGO unknown"}[interpreter["profile_guided"]]
    return f"CPython {interpreter['version']}{', free-threaded' * interpreter['free_threaded_build']}, {build}"


def machine(record: Record) -> str:
    """Return the machine, for paths."""
    return slug(f"{record['machine']['processor']} {record['machine']['processors']}")


def build(record: Record) -> str:
    """Return what was measured, for paths: the interpreter and its build, or the Rust compiler."""
    if record["kind"] == "rust":
        return f"rust-{record['rust'].split()[1]}"
    interpreter = record["interpreter"]
    profile = {True: "pgo", False: "no-pgo", None: "pgo-unknown"}[interpreter["profile_guided"]]
    name = f"{interpreter['version']}{'t' * interpreter['free_threaded_build']}-{profile}"
    return name if record["kind"] == "python" else f"{record['kind']}-{name}"


def file(record: Record) -> str:
    """Return the name of the record's file."""
    return f"{build(record)}-{record['commit'][:10]}{'-dirty' * record['dirty']}.json"


def slug(text: str) -> str:
    """Return the text as part of a path."""
    return re.sub(r"[^a-z0-9.]+", "-", text.casefold().replace("(r)", "")).strip("-")
