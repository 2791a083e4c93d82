"""Punctuation moves into the span around its formula, once, and no other does."""

import pytest
import unbroken_math
from docutils import nodes


def paragraph(*parts):
    """Text and, for what begins with $ or *, formulas and emphasis."""
    kinds = {"$": nodes.math, "*": nodes.emphasis}
    made = [kinds[p[0]](p[1:], p[1:]) if p[0] in kinds else nodes.Text(p) for p in parts]
    return nodes.paragraph("", "", *made)


def held_together(tree):
    document = nodes.document(None, None)
    document += tree
    unbroken_math.hold_together(None, document, "page")
    return tree


@pytest.mark.parametrize(
    "parts",
    [
        ("slopes ", "$a", ", ", "$b", ", ", "$c", ", and ", "$d", "."),  # equal texts between them
        ("(", "$a", ") and (", "$b", ") and (", "$c", ")."),
        ("$a", "-th, ", "$b", "-th, ", "$c", "; “", "$d", "”"),
        ("no ", "$a", " punctuation"),
        ("the slope", "*s*", ", ", "$a", ", ", "$b", ", ", "*c*", ", ", "$d", "."),
        ("*s*", "-fold (", "*t*", "-fold (", "$a", "-fold ("),
    ],
)
def test_the_text_stays_as_it_was(parts):
    """A comma taken off the wrong neighbour would stand twice in one place and miss in another."""
    text = "".join(part.lstrip("$*") for part in parts)
    assert held_together(paragraph(*parts)).astext() == text


def test_each_formula_keeps_its_punctuation():
    tree = held_together(paragraph("slopes (", "$a", ", ", "$b", ", ", "$c", "-fold."))
    spans = [span.astext() for span in tree.findall(nodes.inline)]
    assert spans == ["(a,", "b,", "c-fold."]
