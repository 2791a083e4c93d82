"""Sphinx extension: in a list of references each entry is an item of that list.

docutils gives it the role doc-biblioentry, which screen readers do not know within a list any more.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata


def setup(app: Sphinx) -> ExtensionMetadata:
    app.connect("html-page-context", name_items)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def name_items(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document
) -> None:
    if "body" in context:
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')
