"""Links to files of the project that are no pages of the site.

The pages are read in the project as well, where a link to an example or to a test leads to the file. In the site it
becomes a download of that file, and a link to a file that does not exist is a warning, as to a page.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class LinksToOutside(SphinxTransform):
    """Turns links to texts outside of the folder into downloads. With other files MyST does so by itself."""

    default_priority = 5

    def apply(self, **_options: Any) -> None:
        """Look at all links of a page."""
        project = Path(self.env.srcdir).parent
        for link in list(self.document.findall(addnodes.pending_xref)):
            # A page, as far as MyST can tell: its suffix is taken away already.
            path = Path(f"{link['reftarget']}.md")
            if link.get("refdomain") != "doc" or not path.is_absolute() or not path.is_relative_to(project):
                continue
            download = addnodes.download_reference(
                "", "", refdoc=self.env.docname, reftarget=f"/../{path.relative_to(project)}"
            )
            download += nodes.inline("", link.astext(), classes=["xref", "download"])
            link.replace_self(download)


def setup(app: Sphinx) -> dict[str, bool]:
    """Take part in what Sphinx does."""
    app.add_transform(LinksToOutside)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
