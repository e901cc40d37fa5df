"""How Sphinx makes the site. `make docs` runs it; it asks no other machine for anything."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "extensions"))

import inventory  # noqa: E402  (what is beside this file is found from here on)

project = "raddle"
author = "the authors of raddle"
version = release = metadata.version("raddle")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.intersphinx", "docstrings", "outside"]
exclude_patterns = ["extensions"]

myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]

# Names of the standard library lead to its documentation. The list of them is made here: nobody has to fetch it.
intersphinx_mapping = {"python": ("https://docs.python.org/3", str(inventory.write(HERE.parent / ".build" / "docs")))}
intersphinx_disabled_reftypes = ["std:*"]

# Every name in a signature must lead somewhere.
nitpicky = True
nitpick_ignore = [("py:class", name) for name in ("_thread.lock", "_thread.RLock", "_native.LockLike")]
autodoc_member_order = "bysource"
autodoc_use_type_comments = False
python_use_unqualified_type_names = True

# Docstrings are plain text with code between backticks.
default_role = "code"

html_theme = "furo"
html_title = "raddle"
html_copy_source = False
html_show_sphinx = False
