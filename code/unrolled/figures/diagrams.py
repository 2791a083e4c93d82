"""Drawings of networks in one visual language: the forward pass solid, gradients dashed.

Every picture is a graph of labelled boxes. Their places are in units of the axes and fill
whatever figure they get; boxes, letters and arrowheads keep their size on paper.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionStyle, FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from matplotlib.transforms import ScaledTranslation, Transform

from unrolled.figures.plot import COLORS, ink

BOX = (0.44, 0.36)  # inches: a box that holds one letter and its index
GAP = 0.05  # inches from the middle to an arrow that has another beside it
INK = "#444444"  # of what is written beside the forward pass
LETTERS, SMALL = 13, 12  # points, in boxes and beside arrows
CURVE = [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]

Node = tuple[float, float, str, str]  # x, y, label, and a key of COLORS or ""
Steps = Collection[int] | Mapping[int, str]


def graph(
    ax: Axes,
    nodes: Mapping[object, Node],
    edges: Iterable[tuple],
    backward: Iterable[tuple] = (),
    fed_back: Iterable[tuple] = (),
    size: float = 1.0,
) -> Axes:
    """Boxes joined by arrows: `edges` solid, `backward` dashed in the gradient's colour.

    nodes[name] = (x, y, label, key of COLORS); without a key ("") only the label is drawn, and
    line breaks part the lines of a label. An edge is (name, name) or (name, name, label). The
    edges `fed_back` leave an output to the right and reach an input from its left. `size`
    scales boxes and letters. Sets the limits of `ax` and hides its frame.
    """
    x, y = np.array([node[:2] for node in nodes.values()]).T
    ax.set(xlim=(x.min() - 0.3, x.max() + 0.3), ylim=(y.min() - 0.25, y.max() + 0.25))
    ax.set_axis_off()
    boxes = {name: _box(ax, node, size) for name, node in nodes.items()}
    edges, backward = list(edges), list(backward)
    both = {frozenset(edge[:2]) for edge in edges} & {frozenset(edge[:2]) for edge in backward}
    for edge, key in [(e, "grey") for e in edges] + [(e, "gradient") for e in backward]:
        gap = size * GAP if frozenset(edge[:2]) in both else 0
        _join(ax, nodes, boxes, edge, key, _Beside(ax.figure, gap), size)
    for edge in fed_back:
        _join(ax, nodes, boxes, edge, "output", _Swing(), size)
    return ax


def unrolled_graph(
    ax: Axes,
    T: int = 3,
    inputs: Steps | None = None,
    outputs: Steps | None = None,
    steps: Sequence[str] | None = None,
    output: str = r"\hat{y}",
    weights: bool = True,
    gradients: bool | Collection[int] = False,
    feedback: bool = False,
    start: bool = True,
    size: float = 1.0,
) -> Axes:
    """A network unrolled over T steps: inputs below, states in a row, outputs above.

    Parameters
    ----------
    inputs, outputs : steps from 1 to T that have one (by default all), or {step: label}
    steps : the indices to print, such as ("1", "2", "…", "T")
    output : the outputs' letter
    weights : write its matrix beside every arrow
    gradients : also the way back, from every output and through every state; a collection of
        steps: through the states only from these steps to the ones before
    feedback : each output is also the next step's input, where there are both
    start : draw h_0
    size : scale of boxes and letters
    """
    steps = [str(t) for t in range(1, T + 1)] if steps is None else list(steps)
    if len(steps) != T:
        raise ValueError(f"steps must be the indices of T = {T} steps, got {steps}")
    nodes = {("h", 0): (0, 1, "$h_0$", "hidden")} if start else {}
    for t, index in enumerate(steps, 1):
        nodes["h", t] = (t, 1, "⋯", "") if index == "…" else (t, 1, _name("h", index), "hidden")
    nodes |= {("x", t): (t, 0, x, "input") for t, x in _labels(inputs, "x", steps).items()}
    nodes |= {("y", t): (t, 2, y, "output") for t, y in _labels(outputs, output, steps).items()}
    times = range(1, T + 1)
    edges = [(("h", t - 1), ("h", t), "$W_{hh}$") for t in times]
    edges += [(("x", t), ("h", t), "$W_{xh}$") for t in times]
    edges += [(("h", t), ("y", t), "$W_{hy}$") for t in times]
    through = times if gradients is True else gradients or ()
    back = [(("h", t), ("h", t - 1)) for t in through]
    back += [(("y", t), ("h", t)) for t in times if gradients is not False]
    fed = [(("y", t), ("x", t + 1)) for t in times if feedback]
    edges, back, fed = ([e for e in some if {*e[:2]} <= {*nodes}] for some in (edges, back, fed))
    return graph(ax, nodes, edges if weights else [e[:2] for e in edges], back, fed, size)


def folded_graph(
    ax: Axes, output: str = r"\hat{y}", weights: bool = True, size: float = 1.0
) -> Axes:
    """The network before it is unrolled: its state comes back to it, one step later."""
    nodes = {
        "x": (0, 0, "$x_t$", "input"),
        "h": (0, 1, "$h_t$", "hidden"),
        "y": (0, 2, f"${output}_t$", "output"),
    }
    edges = [("x", "h", "$W_{xh}$"), ("h", "y", "$W_{hy}$")]
    graph(ax, nodes, edges if weights else [edge[:2] for edge in edges], size=size)
    w, h = BOX[0] / 2, BOX[1] / 2
    loop = [(w + 0.01, 0.5 * h), (w + 0.5, 2.5 * h), (w + 0.5, -2.5 * h), (w, -0.5 * h)]
    path = Path(size * np.array(loop), CURVE)
    _add_arrow(ax, FancyArrowPatch(path=path, transform=_inches(ax, (0, 1))), "grey", size)
    if weights:
        style = {"ha": "left", "va": "center", "color": INK}
        _text(ax, (0, 1), "$W_{hh}$", size * SMALL, (w + 0.43) * size, 0, **style)
    return ax


def topologies(ax: Axes, size: float = 0.75) -> Axes:
    """The five ways in which a sequence can go in and come out, in two rows."""
    every = (1, 2, 3)
    kinds = [
        ("one to one", 1, (1,), (1,), (0.3, 1)),
        ("one to many", 3, (1,), every, (2.3, 1)),
        ("many to one", 3, every, (3,), (6, 1)),
        ("many to many,\nin step", 3, every, every, (0, 0)),
        ("many to many,\nencoder and decoder", 5, every, (3, 4, 5), (4, 0)),
    ]
    for title, T, inputs, outputs, (x, y) in kinds:
        part = ax.inset_axes((x / 9, y * 0.54, T / 9, 0.38))
        blank = [""] * T
        unrolled_graph(part, T, inputs, outputs, blank, weights=False, start=False, size=size)
        part.set_xlim(0.5, T + 0.5)
        _text(part, ((T + 1) / 2, 0), title, SMALL, 0, -0.3 * size, ha="center", va="top")
    ax.set_axis_off()
    return ax


def _name(letter: str, index: str) -> str:
    return f"${letter}_{{{index}}}$" if index else ""


def _labels(which: Steps | None, letter: str, steps: list[str]) -> dict[int, str]:
    """Step -> label, for the steps that have an input, or an output."""
    if which is None:
        which = [t for t, index in enumerate(steps, 1) if index != "…"]
    if not set(which) <= set(range(1, len(steps) + 1)):
        raise ValueError(f"inputs and outputs are at steps 1 to {len(steps)}, got {[*which]}")
    if isinstance(which, Mapping):
        return dict(which)
    return {t: _name(letter, steps[t - 1]) for t in which}


def _inches(ax: Axes, where: tuple[float, float]) -> Transform:
    """From inches around a point of the axes to the screen."""
    return ax.figure.dpi_scale_trans + ScaledTranslation(*where, ax.transData)


@cache
def _extent(label: str, points: float) -> tuple[float, float]:
    """Width and height of one line of text, in inches."""
    box = TextPath((0, 0), label, size=points).get_extents() if label else None
    return (box.width / 72, box.height / 72) if box else (0, 0)


def _box(ax: Axes, node: Node, size: float) -> FancyBboxPatch:
    """A rounded box in a light tint of its colour, wide enough for its label."""
    x, y, label, key = node
    lines = label.split("\n")
    width = max(_extent(line, LETTERS)[0] for line in lines) + 0.2
    width = size * max(BOX[0] if key else 0, width)
    height = size * (BOX[1] + 0.22 * (len(lines) - 1))
    shape = f"round,pad=0,rounding_size={0.08 * size}"
    box = FancyBboxPatch((-width / 2, -height / 2), width, height, shape)
    box.set(transform=_inches(ax, (x, y)), clip_on=False, linewidth=1.4)
    box.set(facecolor=_tint(key), edgecolor=COLORS.get(key, "none"))
    ax.add_artist(box)
    for i, line in enumerate(lines):
        up = 0.22 * ((len(lines) - 1) / 2 - i) - 0.05  # 0.05: from a letter's middle to its foot
        _text(ax, (x, y), line, size * LETTERS, 0, size * up, ha="center", va="baseline")
    return box


def _tint(key: str):
    return 0.18 * np.array(to_rgb(COLORS[key])) + 0.82 if key else "none"


def _join(ax: Axes, nodes, boxes, edge: tuple, key: str, connection, size: float) -> None:
    """An arrow from border to border, and its label."""
    start, end, *label = edge
    ends = nodes[start][:2], nodes[end][:2]
    arrow = FancyArrowPatch(*ends, patchA=boxes[start], patchB=boxes[end])
    arrow.set(connectionstyle=connection, transform=ax.transData)
    arrow.set_in_layout(False)  # it lies between the boxes: measuring it again would cost time
    _add_arrow(ax, arrow, key, size)
    if label:
        left = _left(*ax.transData.transform(ends))
        half = np.abs(left) @ _extent(label[0], size * SMALL) / 2  # of the label, in inches
        offset = (connection.gap + 0.06 * size + half) * left
        color = INK if key == "grey" else ink(COLORS[key])
        style = {"ha": "center", "va": "center", "color": color}
        _text(ax, np.mean(ends, axis=0), label[0], size * SMALL, *offset, **style)


class _Beside(ConnectionStyle.Arc3):
    """A straight connection, `gap` inches to the left of the way from start to end."""

    def __init__(self, figure: Figure, gap: float) -> None:
        super().__init__(rad=0)
        self.figure, self.gap = figure, gap

    def connect(self, posA, posB):
        left = _left(posA, posB) * self.gap * self.figure.dpi
        return super().connect(posA + left, posB + left)


class _Swing(ConnectionStyle.Arc3):
    """A curve that leaves to the right and arrives from the left."""

    gap = 0

    def connect(self, posA, posB):
        reach = 0.8 * (posB[0] - posA[0])
        return Path([posA, (posA[0] + reach, posA[1]), (posB[0] - reach, posB[1]), posB], CURVE)


def _left(start, end) -> np.ndarray:
    """The unit vector to the left of the way from start to end."""
    way = np.subtract(end, start)
    return np.array([-way[1], way[0]]) / np.hypot(*way)


def _add_arrow(ax: Axes, arrow: FancyArrowPatch, key: str, size: float) -> None:
    arrow.set(arrowstyle="-|>", mutation_scale=11 * size, color=COLORS[key], clip_on=False)
    arrow.set(linewidth=1.2)
    if key == "gradient":
        arrow.set(linewidth=1.4, linestyle=(0, (4, 2)))
    ax.add_artist(arrow)


def _text(ax: Axes, where, text: str, points: float, right: float, up: float, **style) -> None:
    """Text at so many inches from a point of the axes."""
    offset = {"xytext": (72 * right, 72 * up), "textcoords": "offset points"}
    ax.annotate(text, where, **offset, fontsize=points, annotation_clip=False, **style)
