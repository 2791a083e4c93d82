"""Cells are checked by what is seen on the page: which parts, where, and how they are joined."""

from itertools import combinations, pairwise

import pytest
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from matplotlib.text import Annotation

from unrolled.figures.cell_diagrams import INGREDIENTS, circuit, lstm_cell
from unrolled.figures.plot import COLORS, use_style

# A cell that keeps 1 - z of the old state: every kind of part, and wires that branch
LEAKY = {
    "h'": (0, 1, "$h_{t-1}$", "hidden"),
    "z": (1, 0, "$z_t$", "gate"),
    "keep": (1.5, 1, r"$\odot$", "operation"),
    "h": (3, 1, "$h_t$", "hidden"),
    "note": (3, 0, "a note", ""),
}
LEAKY_WIRES = [
    ("hidden", "h'", "keep"),
    ("hidden", "keep", "h"),
    ("gate", "z", (1.5, 0), "keep"),
    ("hidden", (0.7, 1), (0.7, 0), "z"),
]


@pytest.fixture(scope="module", autouse=True)
def style():
    with rc_context():
        use_style()
        yield


def draw(picture, width=6.0, height=3.0):
    figure = Figure(figsize=(width, height), dpi=100)
    ax = figure.subplots()
    assert picture(ax) is ax
    FigureCanvasAgg(figure).draw()
    return ax


def outlines(ax):
    return [a for a in ax.get_children() if isinstance(a, (FancyBboxPatch, Circle))]


def arrows(ax, key=None):
    found = [a for a in ax.get_children() if isinstance(a, FancyArrowPatch)]
    return [a for a in found if key is None or to_hex(a.get_edgecolor()) == COLORS[key].lower()]


def places(ax):
    """Label -> its place in units of the axes."""
    return {a.get_text(): a.xy for a in ax.get_children() if isinstance(a, Annotation)}


def dots(ax):
    return {
        tuple(map(float, line.get_xydata()[0])) for line in ax.lines if line.get_marker() == "o"
    }


@pytest.mark.parametrize("size", [0.7, 1.0])
def test_no_part_lies_on_another(size):
    ax = draw(lambda ax: lstm_cell(ax, size=size), 6 * size, 3 * size)
    boxes = [outline.get_window_extent() for outline in outlines(ax)]
    assert len(boxes) == 14
    assert not [1 for a, b in combinations(boxes, 2) if a.overlaps(b)]


def test_the_cell_grows_by_one_thing_at_a_time_and_nothing_moves():
    seen = [places(draw(lambda ax, k=k: lstm_cell(ax, INGREDIENTS[:k]))) for k in range(6)]
    new = [set(after) - set(before) for before, after in pairwise(seen)]
    assert new[0] == {"$c_{t-1}$", "$c_t$", "+"} and new[1] == {r"$\tanh$"}
    assert [next(iter(n & {"$i_t$", "$o_t$", "$f_t$"})) for n in new[2:]] == [
        "$i_t$",
        "$o_t$",
        "$f_t$",
    ]
    for before, after in pairwise(seen):
        kept = [label for label in before if label != r"$\odot$"]
        assert all(before[label] == after[label] for label in kept)
    limits = {draw(lambda ax, k=k: lstm_cell(ax, INGREDIENTS[:k])).get_ylim() for k in range(6)}
    assert len(limits) == 1


def test_every_gate_is_fed_by_the_previous_state_and_sends_one_wire():
    ax = draw(lstm_cell)
    assert len(arrows(ax, "gate")) == 3  # f, i and o, each to its product
    into = [tuple(a._posA_posB[1]) for a in arrows(ax, "hidden")]
    for label in ("$f_t$", "$i_t$", "$o_t$", "$g_t$", "$h_t$"):
        assert places(ax)[label] in into


def test_the_gradient_s_direct_way_runs_dashed_against_the_cell_state():
    assert arrows(draw(lstm_cell), "gradient") == []
    (back,) = arrows(draw(lambda ax: lstm_cell(ax, gradient=True)), "gradient")
    (start, _), (end, _) = back._posA_posB
    assert start > end and back.get_linestyle() not in ("-", "solid")


def test_a_wire_that_begins_or_ends_nowhere_meets_another_and_gets_a_dot():
    assert dots(draw(lambda ax: circuit(ax, LEAKY, LEAKY_WIRES))) == {(0.7, 1.0)}
    joined = [*LEAKY_WIRES, ("input", "note", (2.2, 1))]
    ax = draw(lambda ax: circuit(ax, LEAKY, joined))
    assert dots(ax) == {(0.7, 1.0), (2.2, 1.0)} and len(arrows(ax)) == 4


def test_wires_lie_below_the_parts():
    ax = draw(lstm_cell)
    assert max(line.get_zorder() for line in ax.lines) < min(p.get_zorder() for p in outlines(ax))


@pytest.mark.parametrize("ingredients", [("input",), ("cell", "peephole"), ("squash", "output")])
def test_impossible_cells_are_refused(ingredients):
    with pytest.raises(ValueError, match="with the cell, got"):
        draw(lambda ax: lstm_cell(ax, ingredients))


def test_a_wire_to_an_unknown_part_names_the_known_ones():
    with pytest.raises(ValueError, match=r"'z'.*got 'r'"):
        draw(lambda ax: circuit(ax, LEAKY, [("gate", "r", "keep")]))
