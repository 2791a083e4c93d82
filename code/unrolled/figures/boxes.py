"""Boxes, arrows and text whose size is in inches, wherever they stand in an axes."""

from functools import cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionStyle, FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from matplotlib.transforms import ScaledTranslation, Transform

from unrolled.figures.plot import COLORS

BOX = (0.44, 0.36)  # inches: a box that holds one letter and its index
LETTERS = 13  # points, in boxes
CURVE = [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]

Node = tuple[float, float, str, str]  # x, y, label, and a key of COLORS or ""


def inches(ax: Axes, where: tuple[float, float]) -> Transform:
    """From inches around a point of the axes to the screen."""
    return ax.figure.dpi_scale_trans + ScaledTranslation(*where, ax.transData)


@cache
def extent(label: str, points: float) -> tuple[float, float]:
    """Width and height of one line of text, in inches."""
    box = TextPath((0, 0), label, size=points).get_extents() if label else None
    return (box.width / 72, box.height / 72) if box else (0, 0)


def draw_box(ax: Axes, node: Node, size: float) -> FancyBboxPatch:
    """A rounded box in a light tint of its colour, wide enough for its label."""
    x, y, label, key = node
    lines = label.split("\n")
    width = max(extent(line, LETTERS)[0] for line in lines) + 0.2
    width = size * max(BOX[0] if key else 0, width)
    height = size * (BOX[1] + 0.22 * (len(lines) - 1))
    shape = f"round,pad=0,rounding_size={0.08 * size}"
    box = FancyBboxPatch((-width / 2, -height / 2), width, height, shape)
    box.set(transform=inches(ax, (x, y)), clip_on=False, linewidth=1.4)
    box.set(facecolor=_tint(key), edgecolor=COLORS.get(key, "none"))
    ax.add_artist(box)
    for i, line in enumerate(lines):
        up = 0.22 * ((len(lines) - 1) / 2 - i) - 0.05  # 0.05: from a letter's middle to its foot
        put_text(ax, (x, y), line, size * LETTERS, 0, size * up, ha="center", va="baseline")
    return box


def _tint(key: str):
    return 0.18 * np.array(to_rgb(COLORS[key])) + 0.82 if key else "none"


def add_arrow(ax: Axes, arrow: FancyArrowPatch, key: str, size: float) -> None:
    """Add an arrow in the key's colour, dashed for the key "gradient"."""
    arrow.set(arrowstyle="-|>", mutation_scale=11 * size, color=COLORS[key], clip_on=False)
    arrow.set(linewidth=1.2)
    if key == "gradient":
        arrow.set(linewidth=1.4, linestyle=(0, (4, 2)))
    ax.add_artist(arrow)


def put_text(
    ax: Axes,
    where: tuple[float, float],
    text: str,
    points: float,
    right: float,
    up: float,
    **style,
) -> None:
    """Text beside a point of the axes.

    Parameters
    ----------
    where : the point, in units of the axes
    points : size of the letters
    right, up : inches from the point to the text
    style : what `annotate` takes besides
    """
    offset = {"xytext": (72 * right, 72 * up), "textcoords": "offset points"}
    ax.annotate(text, where, **offset, fontsize=points, annotation_clip=False, **style)


def left_of(start, end) -> np.ndarray:
    """The unit vector to the left of the way from start to end."""
    way = np.subtract(end, start)
    return np.array([-way[1], way[0]]) / np.hypot(*way)


class Beside(ConnectionStyle.Arc3):
    """A straight connection, `gap` inches to the left of the way from start to end."""

    def __init__(self, figure: Figure, gap: float) -> None:
        super().__init__(rad=0)
        self.figure, self.gap = figure, gap

    def connect(self, posA, posB):
        left = left_of(posA, posB) * self.gap * self.figure.dpi
        return super().connect(posA + left, posB + left)


class Swing(ConnectionStyle.Arc3):
    """A curve that leaves to the right and arrives from the left."""

    gap = 0

    def connect(self, posA, posB):
        reach = 0.8 * (posB[0] - posA[0])
        return Path([posA, (posA[0] + reach, posA[1]), (posB[0] - reach, posB[1]), posB], CURVE)
