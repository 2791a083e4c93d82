"""The notepad is checked by what is seen on it: which words, where, and in which colours."""

import pytest
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Polygon
from matplotlib.text import Annotation

from unrolled.figures.notepad import LINE, PALE, PLACES, WORDS, notepad
from unrolled.figures.plot import COLORS, use_style


@pytest.fixture(scope="module", autouse=True)
def style():
    with rc_context():
        use_style()
        yield


def draw(*arguments, **options):
    figure = Figure(figsize=(6, 2), dpi=100)
    ax = figure.subplots()
    assert notepad(ax, *arguments, **options) is ax
    FigureCanvasAgg(figure).draw()
    return ax


def texts(ax):
    return {a.get_text(): a for a in ax.get_children() if isinstance(a, Annotation)}


def taps(ax):
    """Each tap's middle in units of the axes, and its colour."""
    found = [a for a in ax.get_children() if isinstance(a, Polygon)]
    middles = [a.get_transform().transform(a.get_xy()).mean(axis=0) for a in found]
    places = [ax.transData.inverted().transform(middle) for middle in middles]
    colors = [to_hex(a.get_edgecolor()) for a in found]
    return {name: color for p, color in zip(places, colors, strict=True) for name in near(p)}


def near(point):
    return [
        k for k, (x, y) in PLACES.items() if abs(point[0] - x) < 0.3 and abs(point[1] - y) < 0.3
    ]


def test_every_word_stands_on_it_once_and_inside_the_figure():
    ax = draw()
    assert set(texts(ax)) == {*WORDS.values(), "+", r"$\tanh$"}
    for annotation in texts(ax).values():
        box = annotation.get_window_extent()
        assert box.x0 >= 0 and box.x1 <= 600 and box.y0 >= 0 and box.y1 <= 200


def test_no_word_lies_on_another():
    boxes = [a.get_window_extent() for a in texts(draw()).values()]
    for k, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[k + 1 :])


def test_taps_are_green_where_the_gates_act():
    assert taps(draw()) == dict.fromkeys(PLACES, COLORS["gate"].lower())
    assert PLACES["keep"][1] == LINE  # the old note passes it


def test_arrows_lead_along_the_notepad_in_and_out():
    arrows = [a for a in draw().get_children() if isinstance(a, FancyArrowPatch)]
    ends = {to_hex(a.get_edgecolor()): (*start_and_end(a),) for a in arrows}
    along, into, out = (ends[COLORS[key].lower()] for key in ("cell", "grey", "hidden"))
    assert along[0][0] < along[1][0] and along[0][1] == along[1][1] == LINE
    assert into[0][1] < into[1][1] and into[0][0] == into[1][0] == PLACES["write"][0]
    assert out[0][1] > out[1][1] and out[0][0] == out[1][0] == PLACES["show"][0]


def start_and_end(arrow):
    """Where an arrow was told to begin and to end, its head being drawn around the end."""
    return arrow._posA_posB


@pytest.mark.parametrize("tap", PLACES)
def test_one_decision_alone_is_in_colour(tap):
    expected = {name: COLORS["gate"].lower() if name == tap else PALE for name in PLACES}
    assert taps(draw(tap)) == expected
    pale = {text for text, a in texts(draw(tap)).items() if to_hex(a.get_color()) == PALE}
    others = {WORDS[name] for name in PLACES if name != tap}
    assert others <= pale and WORDS[tap] not in pale


def test_numbers_can_stand_in_place_of_words():
    assert set(texts(draw(texts={"keep": "0.2", "after": "0.82"}))) >= {"0.2", "0.82"}


@pytest.mark.parametrize(
    "arguments, message",
    [
        (
            {"tap": "forget"},
            r"tap must be one of \['keep', 'write', 'show'\] or None, got 'forget'",
        ),
        ({"texts": {"left": "x"}}, r"texts must stand at places from .* got \['left'\]"),
    ],
)
def test_what_is_not_there_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        draw(**arguments)
