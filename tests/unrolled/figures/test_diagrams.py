"""What is drawn, is found again by where it is on the page: the tests look at no internals."""

from functools import cache
from itertools import combinations

import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.text import Annotation

from unrolled.figures.diagrams import folded_graph, graph, topologies, unrolled_graph
from unrolled.figures.plot import COLORS, use_style

SUM = {
    "a": (0, 2, "$a=2$", "input"),
    "b": (0, 0, "$b=1$", "input"),
    "c": (1.5, 2, "$c=a+b$\n$3$", "hidden"),
    "e": (3, 1, "$e=c\\,d$\n$6$", "output"),
}
SUM_EDGES = [("a", "c"), ("b", "c", "$x$"), ("c", "e")]
SUM_BACK = [("e", "c", "$d=2$"), ("c", "a", "$1$"), ("c", "b", "$1$")]

VARIANTS = {
    "plain": lambda ax: unrolled_graph(ax, 3),
    "gradients": lambda ax: unrolled_graph(ax, 3, gradients=True, output=r"\ell"),
    "ellipsis": lambda ax: unrolled_graph(ax, 4, steps=["1", "2", "…", "T"], gradients=True),
    "middle": lambda ax: unrolled_graph(ax, 3, steps=["t-1", "t", "t+1"], start=False),
    "many": lambda ax: unrolled_graph(ax, 8, weights=False, gradients=True, size=0.8),
    "feedback": lambda ax: unrolled_graph(ax, 4, weights=False, feedback=True),
    "encoder": lambda ax: unrolled_graph(ax, 5, inputs=[1, 2, 3], outputs=[4, 5], gradients=[5]),
    "folded": folded_graph,
    "topologies": topologies,
    "sum": lambda ax: graph(ax, SUM, SUM_EDGES, SUM_BACK),
}
SIZES = {"topologies": (5.0, 4.0), "many": (7.0, 2.5)}  # inches, where it is not 6 by 2.8


@pytest.fixture(scope="module", autouse=True)
def style():
    with rc_context():
        use_style()
        yield


def draw(picture, width=6.0, height=2.8):
    """The axes with a picture, drawn."""
    figure = Figure(figsize=(width, height), dpi=100)
    ax = figure.subplots()
    assert picture(ax) is ax
    FigureCanvasAgg(figure).draw()
    return ax


@cache
def variant(name):
    return draw(VARIANTS[name], *SIZES.get(name, ()))


def boxes(ax, key=None):
    """The boxes with a border, of one colour: their extents on the screen, from the left."""
    found = [p for p in ax.findobj(FancyBboxPatch) if p.get_edgecolor()[3] > 0]
    found = [p for p in found if key is None or to_hex(p.get_edgecolor()) == COLORS[key].lower()]
    return sorted((p.get_window_extent() for p in found), key=lambda box: (box.x0, box.y0))


def arrows(ax):
    """(colour, start, tip) of every arrow, in places of the screen; its line must be dashed
    where, and only where, it has the gradient's colour."""
    found = []
    for arrow in ax.findobj(FancyArrowPatch):
        color = to_hex(arrow.get_edgecolor())
        assert (arrow.get_linestyle() not in ("solid", "-")) == (
            color == COLORS["gradient"].lower()
        )
        path = arrow.get_transform().transform_path(arrow.get_path())
        points, codes = path.vertices[path.codes != path.CLOSEPOLY], path.codes
        line, head = np.split(points, [np.flatnonzero(codes == path.MOVETO)[1]])
        tip = head[np.argmax(np.linalg.norm(head - line[0], axis=1))]
        found.append((color, line[0], tip))
    return found


def to_border(box, point):
    """How far a point lies outside a box (0 inside), in points of print at 100 dots an inch."""
    outside = np.maximum([box.x0, box.y0] - point, point - [box.x1, box.y1]).clip(0)
    return np.linalg.norm(outside) * 72 / 100


def center(box):
    return np.array([(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2])


def joined(ax, key):
    """The pairs (start, end) of places, in the axes' units, that arrows of a colour join."""
    ends = boxes(ax)
    back = ax.transData.inverted()
    pairs = []
    for color, start, tip in arrows(ax):
        if color == COLORS[key].lower():
            near = [min(ends, key=lambda box: to_border(box, point)) for point in (start, tip)]
            pairs.append(
                tuple(tuple(back.transform(center(box)).round(2).tolist()) for box in near)
            )
    return sorted(pairs)


@pytest.mark.parametrize("name", VARIANTS)
def test_nothing_overlaps(name):
    ax = variant(name)
    around = boxes(ax)
    texts = [text.get_window_extent() for text in ax.findobj(Annotation) if text.get_text()]
    assert around and all(len(one.get_points()) for one in around)
    for one, other in combinations(around, 2):
        assert not one.overlaps(other)
    for one, other in combinations(texts, 2):
        assert not one.padded(-1).overlaps(other.padded(-1))
    for text in texts:
        for box in around:  # a text is in one box, whole, or outside all boxes
            within = (
                box.x0 <= text.x0 and text.x1 <= box.x1 and box.y0 <= text.y0 <= text.y1 <= box.y1
            )
            assert within or not box.overlaps(text)


@pytest.mark.parametrize("name", VARIANTS)
def test_arrows_touch_their_boxes_from_outside(name):
    ax = variant(name)
    for _, start, tip in arrows(ax):
        for point in (start, tip):
            away = sorted(to_border(box, point) for box in boxes(ax))[0]
            assert 0 < away < 5 or name == "ellipsis"  # there some arrows end at the dots


def test_forward_arrows_of_an_unrolled_network():
    ax = draw(lambda ax: unrolled_graph(ax, 2))
    across = [((0, 1), (1, 1)), ((1, 1), (2, 1))]
    up = [((1, 0), (1, 1)), ((1, 1), (1, 2)), ((2, 0), (2, 1)), ((2, 1), (2, 2))]
    assert joined(ax, "grey") == sorted(across + up)
    assert joined(ax, "gradient") == []
    assert [len(boxes(ax, key)) for key in ("input", "hidden", "output")] == [2, 3, 2]


def test_gradients_run_back():
    ax = draw(lambda ax: unrolled_graph(ax, 3, outputs=[2, 3], gradients=True))
    across = [((1, 1), (0, 1)), ((2, 1), (1, 1)), ((3, 1), (2, 1))]
    assert joined(ax, "gradient") == sorted([*across, ((2, 2), (2, 1)), ((3, 2), (3, 1))])
    ax = draw(lambda ax: unrolled_graph(ax, 3, outputs=[3], gradients=[3]))
    assert joined(ax, "gradient") == [((3, 1), (2, 1)), ((3, 2), (3, 1))]
    ax = draw(lambda ax: unrolled_graph(ax, 3, outputs=[3], gradients=[]))  # cut at once
    assert joined(ax, "gradient") == [((3, 2), (3, 1))]


def test_what_is_left_out_has_dots_and_no_box():
    ax = variant("ellipsis")  # 1, 2, …, T and the initial state
    assert [len(boxes(ax, key)) for key in ("input", "hidden", "output")] == [3, 4, 3]


def test_two_arrows_between_the_same_boxes_lie_beside_each_other():
    ax = draw(lambda ax: unrolled_graph(ax, 1, inputs=[], outputs=[], gradients=True))
    (_, there, _), (_, back, _) = arrows(ax)
    assert there[1] - back[1] == pytest.approx(0.1 * 100)  # inches, the forward one above


def test_outputs_are_fed_back_to_the_next_step():
    ax = draw(lambda ax: unrolled_graph(ax, 3, inputs=[1, 2], feedback=True, weights=False))
    assert joined(ax, "output") == [((1, 2), (2, 0))]  # step 3 has no input, step 2's goes nowhere


def test_labels():
    def labels(**options):
        ax = draw(lambda ax: unrolled_graph(ax, **options))
        return sorted(text.get_text() for text in ax.findobj(Annotation))

    bare = {"weights": False, "start": False}
    assert labels(T=2, inputs={1: "h"}, outputs=[2], output=r"\ell", **bare) == sorted(
        ["h", "$h_{1}$", "$h_{2}$", r"$\ell_{2}$"]
    )
    assert labels(T=3, steps=["1", "…", "T"], inputs=[], **bare) == sorted(
        ["$h_{1}$", "⋯", "$h_{T}$", r"$\hat{y}_{1}$", r"$\hat{y}_{T}$"]
    )
    weights = ["$W_{hh}$"] * 2 + ["$W_{xh}$"] * 2 + ["$W_{hy}$"] * 2
    assert [name for name in labels(T=2) if "W" in name] == sorted(weights)
    with pytest.raises(ValueError, match="T = 3 steps"):
        labels(T=3, steps=["1", "2"])
    for wrong in ([0], {4: "h"}):
        with pytest.raises(ValueError, match="at steps 1 to 3, got"):
            labels(T=3, inputs=wrong)


def test_boxes_keep_their_size_on_paper_and_fit_their_labels():
    small, large = (boxes(draw(VARIANTS["plain"], width, 3)) for width in (5.0, 8.0))
    np.testing.assert_allclose([b.size for b in small], [b.size for b in large])
    half = boxes(draw(lambda ax: unrolled_graph(ax, 3, size=0.5), 5.0, 3))
    np.testing.assert_allclose([b.size for b in half], [b.size / 2 for b in small])
    one_line, *_, two_lines = sorted(boxes(variant("sum")), key=lambda box: box.height)
    assert two_lines.height > 1.3 * one_line.height


def test_the_state_of_a_folded_network_comes_back_to_it():
    ax = variant("folded")
    (state,) = boxes(ax, "hidden")
    loops = [
        (s, t) for _, s, t in arrows(ax) if to_border(state, s) < 5 and to_border(state, t) < 5
    ]
    ((start, tip),) = loops
    assert (
        start[1] > tip[1] and min(start[0], tip[0]) >= state.x1
    )  # out above, in below, at the right


def test_topologies_are_the_five():
    ax = variant("topologies")
    counts = [
        tuple(len(boxes(part, key)) for key in ("input", "hidden", "output"))
        for part in ax.child_axes
    ]
    assert counts == [(1, 1, 1), (1, 3, 3), (3, 3, 1), (3, 3, 3), (3, 5, 3)]
    pitch = [
        b.x0 - a.x0
        for part in ax.child_axes
        for a, b in zip(boxes(part, "hidden"), boxes(part, "hidden")[1:], strict=False)
    ]
    assert np.ptp(pitch) < 0.5  # the same distance everywhere


def test_edges_of_a_graph():
    ax = variant("sum")
    places = {name: node[:2] for name, node in SUM.items()}
    for key, edges in (("grey", SUM_EDGES), ("gradient", SUM_BACK)):
        assert joined(ax, key) == sorted((places[edge[0]], places[edge[1]]) for edge in edges)
