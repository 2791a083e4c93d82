"""Sphinx extension: no line begins with the comma that follows a formula.

Browsers break a line between a formula and the punctuation around it, so the two are wrapped
together in a span that does not break.
"""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

BEFORE = re.compile(r"[(\[“‘]+$")
AFTER = re.compile(r"^(?:[.,;:!?…)\]”’]|-\w+)+")


def setup(app: Sphinx) -> ExtensionMetadata:
    app.connect("doctree-resolved", hold_together)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def hold_together(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for formula in list(doctree.findall(nodes.math)):
        before = cut(formula, BEFORE, -1)
        after = cut(formula, AFTER, +1)
        if before or after:
            span = nodes.inline("", classes=["unbroken"])
            formula.parent.replace(formula, span)
            span += [nodes.Text(before), formula, nodes.Text(after)]


def cut(formula: nodes.math, pattern: re.Pattern, side: int) -> str:
    """Take what matches off the text on one side of the formula."""
    position = formula.parent.index(formula) + side
    neighbour = formula.parent[position] if 0 <= position < len(formula.parent) else None
    match = pattern.search(neighbour) if isinstance(neighbour, nodes.Text) else None
    if not match:
        return ""
    rest = neighbour[: match.start()] + neighbour[match.end() :]
    # by its place: `replace` looks for an equal text, and the first ", " may be another one
    formula.parent[position] = nodes.Text(rest)
    return match[0]
