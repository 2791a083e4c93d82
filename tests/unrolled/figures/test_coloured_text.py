import re
from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from unrolled.figures import coloured_text
from unrolled.figures.coloured_text import coloured

TEXT = 'if a < b & "c":\n    pass'


class Reader(HTMLParser):
    """The text within <pre>, and the class under every character of it."""

    def __init__(self, markup):
        super().__init__()
        self.text, self.classes, self.inside, self.now = "", [], False, [""]
        self.feed(markup)

    def handle_starttag(self, tag, attrs):
        self.inside = self.inside or tag == "pre"
        if tag == "span":
            self.now.append(dict(attrs)["class"])

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "pre"
        if tag == "span":
            self.now.pop()

    def handle_data(self, data):
        if self.inside:
            self.text += data
            self.classes += [self.now[-1]] * len(data)


def test_every_character_keeps_its_place_and_gets_its_own_level():
    values = np.linspace(-1, 1, len(TEXT))
    reader = Reader(coloured(TEXT, values, "a cell")._repr_html_())
    assert reader.text == TEXT  # <, & and quotation marks come back
    names = {-3: "n3", -2: "n2", -1: "n1", 0: "", 1: "p1", 2: "p2", 3: "p3"}
    assert reader.classes == [names[round(3 * v)] for v in values]


def test_equal_neighbours_share_a_span():
    markup = coloured("abcdef", [1, 1, 1, 0, 0, -1], "a cell")._repr_html_()
    assert re.search(r"<pre>(.*)</pre>", markup)[1] == (
        '<span class="p3">abc</span>de<span class="n3">f</span>'
    )


def luminance(color):
    rgb = np.array(to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [
        0.2126,
        0.7152,
        0.0722,
    ]


def contrast(one, other):
    """WCAG 2.2's ratio, from 1 to 21."""
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_legible_on_every_level(mode):
    colors = [coloured_text.PAPER[mode], *coloured_text.palette(mode).values()]
    assert min(contrast(coloured_text.INK[mode], color) for color in colors) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_levels_are_told_apart(mode):
    colors = [np.array(to_rgb(c)) for c in coloured_text.palette(mode).values()]
    colors.append(np.array(to_rgb(coloured_text.PAPER[mode])))
    distances = [np.abs(a - b).max() for i, a in enumerate(colors) for b in colors[:i]]
    assert min(distances) > 0.08


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_a_higher_level_is_farther_from_the_paper(mode):
    palette = coloured_text.palette(mode)
    assert set(palette) == {"p1", "p2", "p3", "n1", "n2", "n3"}
    paper = np.array(to_rgb(coloured_text.PAPER[mode]))
    for sign in "pn":
        away = [np.abs(np.array(to_rgb(palette[f"{sign}{k}"])) - paper).max() for k in (1, 2, 3)]
        assert away == sorted(away)


def test_the_sheet_knows_every_class_in_both_modes():
    sheet = coloured_text.stylesheet()
    for mode in ("light", "dark"):
        for name, color in coloured_text.palette(mode).items():
            assert f".{name}{{background:{color}}}" in sheet
    assert 'html[data-theme="dark"] .coloured .p3' in sheet


def test_the_caption_is_text():
    assert "tanh c &lt; 0" in coloured("a", [0.0], "tanh c < 0")._repr_html_()


@pytest.mark.parametrize(
    ("values", "came"),
    [([0.0], r"shape \(1,\)"), ([0.0, 1.1], "0.0 to 1.1"), ([0.0, np.nan], "nan to nan")],
)
def test_values_that_fit_no_colour(values, came):
    with pytest.raises(ValueError, match="for each of 2 characters, got " + came):
        coloured("ab", values, "a cell")
