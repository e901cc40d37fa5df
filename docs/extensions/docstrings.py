"""Docstrings as Sphinx wants them.

Those of this project are plain text, with code between backticks, and say what is guaranteed in paragraphs that
begin with a word and a colon.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx

GUARANTEES = re.compile(r"^(Fairness|Timeouts|Errors|Differences from CPython):")


def setup(app: Sphinx) -> dict[str, bool]:
    """Take part in what Sphinx does."""
    app.connect("autodoc-process-docstring", adapt)
    app.connect("doctree-read", leave_object_alone)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def adapt(_app: Sphinx, _what: str, _name: str, _object: object, _options: Any, lines: list[str]) -> None:
    """Take the stars of arguments for no markup, and print the guarantees' words in bold."""
    for index, line in enumerate(lines):
        parts = line.split("`")
        # Every second part is code.
        parts[::2] = [part.replace("*", r"\*") for part in parts[::2]]
        lines[index] = GUARANTEES.sub(r"**\1:**", "`".join(parts))


def leave_object_alone(_app: Sphinx, page: nodes.document) -> None:
    """Take the links from the type `object`: attributes of that name are here, too, and none is meant."""
    for link in list(page.findall(addnodes.pending_xref)):
        if link.get("reftarget") == "object" and link.get("refdomain") == "py":
            link.replace_self(nodes.inline("", "object"))
