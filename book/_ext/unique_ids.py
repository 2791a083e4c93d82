"""Sphinx extension: no id twice on a page.

sphinx-proof and sphinx-exercise give the bodies of all statements one and the same id, to which
nothing refers.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

REPEATED = {"proof", "proof-content", "exercise-content", "solution-content"}


def setup(app: Sphinx) -> ExtensionMetadata:
    app.connect("doctree-resolved", remove_repeated_ids)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def remove_repeated_ids(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for node in doctree.findall(nodes.Element):
        if not REPEATED.isdisjoint(node["ids"]):
            node["ids"] = [name for name in node["ids"] if name not in REPEATED]
