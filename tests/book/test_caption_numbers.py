"""A number in a caption or an alternative text is asserted by the cell that draws the figure.

Who cannot see a picture, or reads it in passing, has its numbers from these two texts, and nothing
else would notice if they were wrong. So each must stand in an `assert` of the same cell, written
out: `assert abs(peak - 39) < 0.5` for "rises to 39".

What counts as a number:

- digits: 0.25, 4,096, 83 % (in the code 83 or 0.83), ½;
- words that measure: fractions ("three quarters", "a tenth", "half of them"), multiples ("twice",
  "forty times"), and parts of a whole ("two of the five networks").

What does not:

- digits in a name: h_0, s4, the 5-gram, a reference, a label of the picture in italics (*1–4*);
- digits in a formula with letters ($1-z$, n − 1, $T^2$), except for what it says a letter is:
  $w = 1.25$ counts;
- words that count what is drawn ("two panels", "ten networks each"): whoever looks counts them.

Whether the assertion says what the caption says, only a reader can tell. The test sees that there
is one. Best is a line at the end of the cell which a reader who unfolds it can follow.
"""

import ast
import math
import re

import pytest
from nbformat.v4 import new_code_cell

import pages

COUNTS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}
COUNTS |= {"nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "twenty": 20, "thirty": 30}
COUNTS |= {"forty": 40, "fifty": 50, "hundred": 100, "thousand": 1000}
PARTS = {"half": 2, "halves": 2, "third": 3, "quarter": 4, "fifth": 5, "sixth": 6, "seventh": 7}
PARTS |= {"eighth": 8, "ninth": 9, "tenth": 10, "hundredth": 100, "thousandth": 1000}
PARTS |= {"ten-thousandth": 10_000}
COUNT, PART = "|".join(COUNTS), "|".join(sorted(PARTS, key=len, reverse=True))
WORDS = rf"""\b(?:(?P<tops>an?|{COUNT})[ -](?P<part>{PART})s?  # a tenth, three quarters
    |(?P<half>half)\ (?:of|the)
    |(?P<twice>twice)
    |(?P<times>{COUNT})\ times
    |(?P<some>(?!one){COUNT})\ of\ (?:the|them|{COUNT}))\b"""
DIGITS = r"\d+(?:,\d{3})*(?:\.\d+)?(?:e-?\d+)?"
NAMES = r"""\{\w+\}`[^`]*`           # a reference
    |\*[^*]*\*                       # what the picture says
    |[A-Za-z]+[_^][^\s,;$]*          # h_0, W_xh
    |[A-Za-z]+\d+\b                  # s4
    |\b[A-Za-z]\ ?[-−+/]\ ?\d+\b     # n − 1
    |\b\d+-[a-z]+                    # 5-gram"""


def said_by(formula):
    """The digits of a formula that count: all, or those that a letter is said to be."""
    plain = re.sub(r"\\[A-Za-z]+", " ", formula)  # the commands of TeX are no letters
    if re.search("[A-Za-z]", plain):
        plain = " ".join(re.findall(rf"[=<>≈]\s*({DIGITS})", plain))
    return f" {plain} "


def numbers(text):
    """Each number of a caption as it is written, and the values an assertion may have for it."""
    text = text.replace("½", " 0.5 ").replace(r"\,", " ").replace(r"\%", "%")
    text = re.sub(r"\$([^$]*)\$", lambda formula: said_by(formula[1]), text)
    text = re.sub(r"10\^\{?(-?\d+)\}?", r"1e\1", text)
    text = re.sub(NAMES, " ", text, flags=re.VERBOSE)
    for match in re.finditer(rf"({DIGITS})(\s?%)?", text):
        value = float(match[1].replace(",", ""))
        yield match[0], {value, value / 100} if match[2] else {value}
    for match in re.finditer(WORDS, text, flags=re.VERBOSE | re.IGNORECASE):
        yield match[0], {worth(match)}


def worth(match):
    """The number that words say."""
    if match["part"]:
        return COUNTS.get(match["tops"].lower(), 1) / PARTS[match["part"].lower()]
    if match["half"] or match["twice"]:
        return 0.5 if match["half"] else 2
    return COUNTS[(match["times"] or match["some"]).lower()]


def literals(node):
    """The numbers written out in a piece of code, fractions such as 4 / 9 too, but no indices."""
    if isinstance(node, ast.Subscript):
        compared = (part for part in ast.walk(node.slice) if isinstance(part, ast.Compare))
        return literals(node.value).union(*map(literals, compared))
    found = set().union(*map(literals, ast.iter_child_nodes(node)))
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        found.add(abs(node.value))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        match node.left, node.right:
            case ast.Constant(value=top), ast.Constant(value=bottom):
                found.add(top / bottom)
    return found


def asserted(code):
    """Every number that stands in an assertion of a cell."""
    code = re.sub(r"^(\s*)[%!].*$", r"\1pass", code, flags=re.MULTILINE)
    found = [node.test for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Assert)]
    return set().union(*map(literals, found))


def texts(cell):
    """Alternative text and caption of the figure that a cell draws."""
    settings = cell.metadata.get("mystnb", {})
    return settings.get("image", {}).get("alt", ""), settings.get("figure", {}).get("caption", "")


def unasserted(cell):
    """The numbers in both texts that no assertion of the cell mentions."""
    known = asserted(cell.source) if any(texts(cell)) else set()
    return [
        (number, text)
        for text in texts(cell)
        for number, values in numbers(text)
        if not any(math.isclose(value, one) for value in values for one in known)
    ]


NOTEBOOKS = pages.notebooks()


@pytest.mark.parametrize("page", NOTEBOOKS, ids=str)
def test_every_number_is_asserted(page):
    code = [cell for cell in NOTEBOOKS[page].cells if cell.cell_type == "code"]
    found = [one for cell in code for one in unasserted(cell)]
    assert not found, "\n".join(f"{number} in: {text}" for number, text in found)


def test_every_caption_is_read():
    """As many as the pages' sources have; and there are no pictures but those of cells."""
    cells = [cell for notebook in NOTEBOOKS.values() for cell in notebook.cells]
    read = [text for cell in cells for text in texts(cell) if text]
    sources = "\n".join(page.read_text() for page in NOTEBOOKS)
    assert len(read) == len(re.findall(r"^ +(?:alt|caption): ", sources, re.MULTILINE)) > 100
    assert not re.search(r"^[`:]{3,}\{(?:figure|image|glue)|!\[", sources, re.MULTILINE)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("It rises to 39 near n = 10.", {39, 10}),
        ("Of 4,096 numbers $83\\,\\%$ are at most $10^{-2}$.", {4096, 83, 0.83, 0.01}),
        ("slope ½ and 25 %", {0.5, 25, 0.25}),
        ("three quarters, a tenth, a ten-thousandth, half of them", {0.75, 0.1, 1e-4, 0.5}),
        ("Twice as long, forty times; two of the five networks", {2, 40}),
        ("A latch with $w = 1.25$ and $w > 1$ at $T = 60$", {1.25, 1, 60}),
        ("h_0, W_xh, s4, c at t-1, n − 1, the 5-gram, *1–4*, {eq}`eq-a-1`", set()),
        ("$1-z$, $T^2$, $h_1, h_2$, $r=\\varepsilon/4$", set()),
        ("Two panels, ten networks each, the third row, one of them", set()),
    ],
)
def test_what_counts_as_a_number(text, values):
    assert set().union(*(each for _, each in numbers(text))) == values


def test_a_number_without_its_assertion_is_listed():
    caption = "A share of 25 %, at $w = 2$."
    figure = {"image": {"alt": "A peak of 39."}, "figure": {"caption": caption}}
    code = "%pip install x\nassert abs(peak - 39) < 0.5 and share <= 1 / 4 and w[2] > 0\nw = 2"
    cell = new_code_cell(code, metadata={"mystnb": figure})
    assert unasserted(cell) == [("2", caption)]
    cell.source = code.replace("39", "38")
    assert [number for number, _ in unasserted(cell)] == ["39", "2"]
