"""Formulas are typeset in the built pages: nothing of them is left to a script."""

import re
from html import unescape
from pathlib import Path

FONT = Path(__file__).parents[3] / "book" / "_static" / "fonts" / "latin-modern-math.txt"
MATH = re.compile(r"<math.*?</math>", re.DOTALL)
HIDDEN = re.compile(r"<annotation.*?</annotation>|<mtext.*?</mtext>|<[^>]*>", re.DOTALL)


def in_font():
    """The characters that the font was cut down to."""
    found = set()
    for first, _, last in re.findall(r"U\+([0-9A-F]+)(-([0-9A-F]+))?", FONT.read_text()):
        found |= set(map(chr, range(int(first, 16), int(last or first, 16) + 1)))
    return found


def test_every_formula_is_mathml_with_its_latex(html):
    text = html.read_text()
    formulas = MATH.findall(text)
    assert len(formulas) == text.count('class="math notranslate')
    assert all('<annotation encoding="application/x-tex">' in formula for formula in formulas)
    assert not re.search("<script[^>]*mathjax", text, re.IGNORECASE)


def test_the_font_has_every_character(html):
    shown = {unescape(HIDDEN.sub("", formula)) for formula in MATH.findall(html.read_text())}
    assert set("".join(shown)) - {"\n", " "} <= in_font()
