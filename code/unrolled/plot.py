"""The house style of every figure: colours with a fixed meaning, and what figures share.

Helpers take an axes and return it; they neither show nor save.
"""

import sys

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, LogNorm, Normalize
from matplotlib.lines import Line2D

# Okabe & Ito's palette, told apart by colour-blind readers; one meaning each, on every page
COLORS = {
    "input": "#56B4E9",
    "hidden": "#0072B2",
    "cell": "#E69F00",
    "gate": "#009E73",
    "gradient": "#D55E00",
    "output": "#CC79A7",
    "grey": "#6b6b6b",
}

STYLE = {
    "figure.figsize": (6, 3),  # inches; scaled to a phone's width 10 pt are still legible
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "axes.labelsize": 10,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "mathtext.fontset": "cm",  # as MathJax sets the formulas around the figure
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.edgecolor": COLORS["grey"],
    "axes.prop_cycle": mpl.cycler(color=[COLORS[c] for c in COLORS if c != "input"]),
    "lines.linewidth": 1.8,
    "legend.frameon": False,
    "svg.hashsalt": "unrolled",  # element ids, and so the file, are the same on every run
}


def use_style() -> None:
    """The house style for all figures from here on; in a notebook, drawn as SVG."""
    mpl.rcParams.update(STYLE)
    if "ipykernel" in sys.modules:
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("svg", metadata={"Date": None})  # no date: the same on every run


def label_line(ax: Axes, where: Line2D | tuple, text: str, **options) -> Axes:
    """Write `text` beside the last point of a line, in its colour, or at a point (x, y)."""
    color = COLORS["grey"]
    if isinstance(where, Line2D):
        color = where.get_color()
        where = where.get_xydata()[-1]
    style = {"color": color, "xytext": (5, 0), "va": "center", "annotation_clip": False}
    ax.annotate(text, where, textcoords="offset points", **style | options)
    return ax


def heat(
    ax: Axes, matrix: np.ndarray, label: str = "", signed: bool = False, log: bool = False
) -> Axes:
    """Draw matrix (rows, columns) as colours with a bar: rows downwards, row and column from 1.

    White to the gradient's colour, or blue, white, vermilion about zero if `signed`; on a
    logarithmic scale if `log`. Entries that are NaN stay empty.
    """
    matrix = np.asarray(matrix, dtype=float)
    rows, columns = matrix.shape
    largest = np.nanmax(np.abs(matrix))
    if signed:
        norm = Normalize(-largest, largest)
    else:
        norm = LogNorm(np.nanmin(matrix), largest) if log else Normalize(0, largest)
    extent = (0.5, columns + 0.5, rows + 0.5, 0.5)
    image = ax.imshow(matrix, cmap=_map(signed), norm=norm, extent=extent)
    ax.figure.colorbar(image, ax=ax, label=label)
    return ax


def _map(signed: bool) -> Colormap:
    low = [COLORS["hidden"], "white"] if signed else ["white"]
    return LinearSegmentedColormap.from_list("unrolled", [*low, COLORS["gradient"]])
