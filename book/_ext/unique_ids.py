"""Sphinx extension: no id twice on a page.

sphinx-proof and sphinx-exercise give the bodies of all statements one and the same id, and so does
the theme with the fields of the page that searches. Nothing refers to them.
"""

import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

FIELD = re.compile(r'\s+id="search-input"')
REPEATED = {"proof", "proof-content", "exercise-content", "solution-content"}


def setup(app: Sphinx) -> ExtensionMetadata:
    app.connect("doctree-resolved", remove_repeated_ids)
    app.connect("build-finished", name_one_field)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def remove_repeated_ids(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for node in doctree.findall(nodes.Element):
        if not REPEATED.isdisjoint(node["ids"]):
            node["ids"] = [name for name in node["ids"] if name not in REPEATED]


def name_one_field(app: Sphinx, exception: Exception | None) -> None:
    page = Path(app.outdir, "search.html")
    if exception or app.builder.format != "html" or not page.exists():
        return
    html = page.read_text()
    if len(FIELD.findall(html)) > 1:
        page.write_text(FIELD.sub("", html, count=1))
