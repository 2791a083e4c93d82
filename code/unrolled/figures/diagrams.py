"""Drawings of networks as graphs: the forward pass solid, gradients dashed.

Every picture is a graph of labelled boxes. Their places are in units of the axes and fill
whatever figure they get; boxes, letters and arrowheads keep their size on paper.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch
from matplotlib.path import Path

from unrolled.figures.boxes import (
    BOX,
    CURVE,
    Beside,
    Node,
    Swing,
    add_arrow,
    draw_box,
    extent,
    inches,
    left_of,
    put_text,
)
from unrolled.figures.plot import COLORS, ink

GAP = 0.05  # inches from the middle to an arrow that has another beside it
INK = "#444444"  # of what is written beside the forward pass
SMALL = 12  # points, beside arrows

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

    Sets the limits of `ax` and hides its frame.

    Parameters
    ----------
    nodes : name -> (x, y, label, key of COLORS); without a key ("") only the label is drawn, and
        line breaks part the lines of a label
    edges, backward : each (name, name) or (name, name, label)
    fed_back : edges that leave an output to the right and reach an input from its left
    size : scale of boxes and letters
    """
    x, y = np.array([node[:2] for node in nodes.values()]).T
    ax.set(xlim=(x.min() - 0.3, x.max() + 0.3), ylim=(y.min() - 0.25, y.max() + 0.25))
    ax.set_axis_off()
    boxes = {name: draw_box(ax, node, size) for name, node in nodes.items()}
    edges, backward = list(edges), list(backward)
    both = {frozenset(edge[:2]) for edge in edges} & {frozenset(edge[:2]) for edge in backward}
    for edge, key in [(e, "grey") for e in edges] + [(e, "gradient") for e in backward]:
        gap = size * GAP if frozenset(edge[:2]) in both else 0
        _join(ax, nodes, boxes, edge, key, Beside(ax.figure, gap), size)
    for edge in fed_back:
        _join(ax, nodes, boxes, edge, "output", Swing(), size)
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
    add_arrow(ax, FancyArrowPatch(path=path, transform=inches(ax, (0, 1))), "grey", size)
    if weights:
        style = {"ha": "left", "va": "center", "color": INK}
        put_text(ax, (0, 1), "$W_{hh}$", size * SMALL, (w + 0.43) * size, 0, **style)
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
        put_text(part, ((T + 1) / 2, 0), title, SMALL, 0, -0.3 * size, ha="center", va="top")
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


def _join(ax: Axes, nodes, boxes, edge: tuple, key: str, connection, size: float) -> None:
    """An arrow from border to border, and its label."""
    start, end, *label = edge
    ends = nodes[start][:2], nodes[end][:2]
    arrow = FancyArrowPatch(*ends, patchA=boxes[start], patchB=boxes[end])
    arrow.set(connectionstyle=connection, transform=ax.transData)
    arrow.set_in_layout(False)  # it lies between the boxes: measuring it again would cost time
    add_arrow(ax, arrow, key, size)
    if label:
        left = left_of(*ax.transData.transform(ends))
        half = np.abs(left) @ extent(label[0], size * SMALL) / 2  # of the label, in inches
        offset = (connection.gap + 0.06 * size + half) * left
        color = INK if key == "grey" else ink(COLORS[key])
        style = {"ha": "center", "va": "center", "color": color}
        put_text(ax, np.mean(ends, axis=0), label[0], size * SMALL, *offset, **style)
