"""The extension that holds a formula and the punctuation around it together."""

from docutils import nodes
from unbroken_math import hold_together


def paragraph(*parts: str) -> nodes.document:
    """A document of one paragraph: what begins with $ is a formula, the rest is text."""
    document = nodes.document("", "")
    children = [nodes.math("", p[1:]) if p.startswith("$") else nodes.Text(p) for p in parts]
    document += nodes.paragraph("", "", *children)
    return document


def test_each_formula_takes_its_own_punctuation():
    """Two equal pieces of text: the comma beside the formula is taken, not the first one."""
    document = paragraph("one", ", ", "two", " (", "$a", ") and ", "$b", ", ", "end")
    hold_together(None, document, "page")
    assert document.astext() == "one, two (a) and b, end"
    spans = list(document.findall(nodes.inline))
    assert [span.astext() for span in spans] == ["(a)", "b,"]
