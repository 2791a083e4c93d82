"""The cover: name and subtitle over a network, unrolled along time."""

import io
import textwrap
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = (1200, 1800)  # pixels
INK, PAPER, STATE, GRADIENT = "#1f2933", "#fbfaf7", "#0072B2", "#D55E00"


def draw(title: str, authors: str) -> bytes:
    """A PNG. The title is cut in two at its colon."""
    from matplotlib.figure import Figure  # slow to load

    name, _, below = title.partition(": ")
    figure = Figure(figsize=(SIZE[0] / 100, SIZE[1] / 100), dpi=100, facecolor=PAPER)
    ax = figure.add_axes((0, 0, 1, 1), xlim=(0, SIZE[0]), ylim=(0, SIZE[1]))
    ax.axis("off")
    ax.text(100, 1560, name, color=INK, size=105, va="top")
    ax.text(105, 1330, textwrap.fill(below, 24), color=INK, size=40, va="top", linespacing=1.3)
    cells = [150 + 225 * step for step in range(5)]
    for left, right in pairwise(cells):
        arrow(ax, left + 80, right - 80, 770, STATE)
        arrow(ax, right - 80, left + 80, 720, GRADIENT)
    ax.scatter(cells, [745] * 5, s=6500, color=STATE, marker="s", zorder=2)
    ax.text(105, 130, authors, color=INK, size=34, va="center")
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=100, format="png", metadata={"Software": None})
    return drawn.getvalue()


def arrow(ax: "Axes", begin: float, end: float, y: float, color: str) -> None:
    look = {"arrowstyle": "-|>", "lw": 5, "mutation_scale": 30, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", (end, y), (begin, y), arrowprops={**look, "color": color})
