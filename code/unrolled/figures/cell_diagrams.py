"""Drawings of recurrent cells from the inside: operations, gates, and wires between them.

A cell is parts joined by wires, in the look of `diagrams`. A part keeps its place from picture
to picture, so that a cell can be seen growing, part by part.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch

from unrolled.figures.boxes import LETTERS, draw_box, inches, put_text
from unrolled.figures.plot import COLORS

RADIUS = 0.13  # inches, of the circle around an operation
STATES = ("cell", "hidden")  # what lasts from step to step gets thicker wires
HEIGHT = (-0.75, 2.58)  # of every LSTM's picture, whatever it contains
INGREDIENTS = ("cell", "squash", "input", "output", "forget")  # as they are added

Part = tuple[float, float, str, str]  # x, y, label, and a key of COLORS, "operation" or ""
Wire = tuple  # a key of COLORS, then the stations: names of parts, or points (x, y)


def circuit(ax: Axes, parts: Mapping[str, Part], wires: Iterable[Wire], size: float = 1.0) -> Axes:
    """Parts joined by wires. Sets the limits of `ax` and hides its frame.

    parts[name] = (x, y, label, key): a box in the key's colour, a small circle for the key
    "operation", the bare label for "". A wire (key, station, station, ...) runs straight from
    station to station and ends in an arrowhead if the last one is a part; a station that is a
    point at either end gets a dot, for there the wire leaves another, or joins it. Wires of the
    key "gradient" are dashed and get no dots. `size` scales boxes and letters. Raises ValueError
    for a station that is neither a part nor a point.
    """
    wires = [(key, *(_place(parts, station) for station in way)) for key, *way in wires]
    x, y = np.array([part[:2] for part in parts.values()]).T
    ax.set(xlim=(x.min() - 0.3, x.max() + 0.3), ylim=(y.min() - 0.25, y.max() + 0.25))
    ax.set_axis_off()
    drawn = {part[:2]: _part(ax, part, size) for part in parts.values()}
    for key, *way in wires:
        _wire(ax, drawn, key, way, size)
    return ax


def lstm_cell(
    ax: Axes, ingredients: Collection[str] = INGREDIENTS, gradient: bool = False, size: float = 1.0
) -> Axes:
    """An LSTM's step, or a part of it: with no ingredients at all, the plain network's.

    `ingredients` are from `INGREDIENTS`; all but "cell" need the "cell". With `gradient`, the
    direct way back from c_t to c_{t-1} is dashed. Fits an axes of about 6 × 3 inches at size 1.
    """
    has = {name: name in ingredients for name in INGREDIENTS}
    if not set(ingredients) <= set(INGREDIENTS) or (any(has.values()) and not has["cell"]):
        raise ValueError(
            f"ingredients are from {INGREDIENTS}, with the cell, got {tuple(ingredients)}"
        )
    parts = {
        "h'": (0, 0.3, "$h_{t-1}$", "hidden"),
        "x": (0.55, -0.5, "$x_t$", "input"),
        "g": (2.9, 0.95, "$g_t$", "grey"),
        "h": (5.6, 0.95, "$h_t$", "hidden"),
    }
    wires = [("hidden", "h'", (2.9, 0.3), "g"), ("input", "x", (0.55, 0.3))]
    if not has["cell"]:
        circuit(ax, parts, [*wires, ("hidden", "g", "h")], size).set_ylim(*HEIGHT)
        return ax
    parts |= {
        "c'": (0, 2.3, "$c_{t-1}$", "cell"),
        "+": (2.9, 2.3, "+", "operation"),
        "c": (5.6, 2.3, "$c_t$", "cell"),
    }
    wires += [("cell", "+", "c")]
    wires += _written(parts, has) + _kept(parts, has) + _shown(parts, has)
    if gradient:
        wires += [("gradient", (5.28, 2.55), (0.36, 2.55))]
    circuit(ax, parts, wires, size).set_ylim(*HEIGHT)
    return ax


def _written(parts: dict, has: dict) -> list[Wire]:
    """From the candidate to the cell, through the input gate if there is one."""
    if not has["input"]:
        return [("grey", "g", "+")]
    parts["i"] = (2.0, 0.95, "$i_t$", "gate")
    parts["write"] = (2.9, 1.62, r"$\odot$", "operation")
    ways = [("grey", "g", "write"), ("grey", "write", "+"), ("gate", "i", (2.0, 1.62), "write")]
    return [*ways, ("hidden", (2.0, 0.3), "i")]


def _kept(parts: dict, has: dict) -> list[Wire]:
    """From the old cell state to the new, through the forget gate if there is one."""
    if not has["forget"]:
        return [("cell", "c'", "+")]
    parts["f"] = (1.1, 0.95, "$f_t$", "gate")
    parts["keep"] = (1.1, 2.3, r"$\odot$", "operation")
    ways = [("cell", "c'", "keep"), ("cell", "keep", "+"), ("gate", "f", "keep")]
    return [*ways, ("hidden", (1.1, 0.3), "f")]


def _shown(parts: dict, has: dict) -> list[Wire]:
    """From the cell to the hidden state, through tanh and output gate if there are."""
    x, ways = 4.7, []
    stations = ["cell", (x, 2.3)]
    if has["squash"]:
        parts["tanh"] = (x, 1.62, r"$\tanh$", "grey")
        ways, stations = [("cell", (x, 2.3), "tanh")], ["hidden", "tanh"]
    if not has["output"]:
        return [*ways, (*stations, (x, 0.95), "h")]
    parts["o"] = (3.8, 0.95, "$o_t$", "gate")
    parts["show"] = (x, 0.95, r"$\odot$", "operation")
    ways += [(*stations, "show"), ("hidden", "show", "h"), ("gate", "o", "show")]
    return [*ways, ("hidden", (2.9, 0.3), (3.8, 0.3), "o")]


def _place(parts: Mapping[str, Part], station) -> tuple[float, float]:
    """A station's point."""
    if isinstance(station, str):
        if station not in parts:
            raise ValueError(f"a wire must run between {[*parts]} and points, got {station!r}")
        return parts[station][:2]
    return tuple(station)


def _part(ax: Axes, part: Part, size: float):
    """The part's outline, to which arrows run."""
    x, y, label, key = part
    if key != "operation":
        return draw_box(ax, part, size)
    ring = Circle((0, 0), RADIUS * size, transform=inches(ax, (x, y)), clip_on=False)
    ring.set(facecolor="white", edgecolor=COLORS["grey"], linewidth=1.2)
    ax.add_artist(ring)
    style = {"ha": "center", "va": "center_baseline", "color": "black"}
    put_text(ax, (x, y), label, size * (LETTERS - 1), 0, 0, **style)
    return ring


def _wire(ax: Axes, drawn: Mapping, key: str, way: Sequence[tuple], size: float) -> None:
    """Straight pieces below the parts, and an arrowhead at the last part's border."""
    color, back = COLORS[key], key == "gradient"
    width = (2.2 if key in STATES else 1.3) * size
    style = {"color": color, "lw": width, "zorder": 0.5, "clip_on": False}
    style |= {"ls": (0, (4, 2))} if back else {"solid_joinstyle": "round"}
    arrow = back or way[-1] in drawn
    ax.plot(*np.array(way[: -1 if arrow else None]).T, **style)
    if arrow:
        head = FancyArrowPatch(way[-2], way[-1], patchB=drawn.get(way[-1]), shrinkA=0, shrinkB=0)
        head.set(arrowstyle="-|>", mutation_scale=10 * size, color=color, zorder=0.6)
        head.set(linewidth=width, clip_on=False, joinstyle="miter", capstyle="butt")
        head.set(linestyle=style.get("ls", "-"), transform=ax.transData)
        head.set_in_layout(False)
        ax.add_artist(head)
    for end in () if back else {way[0], way[-1]} - set(drawn):
        ax.plot(*end, "o", ms=4.5 * size, color=color, zorder=0.7, clip_on=False)
