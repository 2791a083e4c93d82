"""The style of every figure, with a fixed meaning of each colour; line labels and heat maps.

Helpers take an axes and return it; they neither show nor save.
"""

import sys

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, LogNorm, Normalize, to_rgb
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

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
    "figure.figsize": (6, 3),  # inches; letters of 10 pt stay legible at a phone's width
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.wspace": 0.06,
    "font.size": 11,
    "axes.labelsize": 11,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
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


def ink(color: str) -> tuple[float, float, float]:
    """The colour, darkened until letters in it are legible on white (contrast 4.5, WCAG 1.4.3)."""
    rgb = np.array(to_rgb(color))
    while 1.05 / (_luminance(rgb) + 0.05) < 4.5:
        rgb *= 0.98
    return tuple(rgb.tolist())


def label_line(ax: Axes, where: Line2D | tuple, text: str, **options) -> Axes:
    """Write `text` beside a line's last point, in its colour, or beside a point (x, y).

    `options` are those of `Axes.annotate`, such as xytext=(right, up) in points, color, ha, va.
    """
    color = COLORS["grey"]
    if isinstance(where, Line2D):
        color, where = where.get_color(), where.get_xydata()[-1]
    style = {"color": ink(color), "xytext": (5, 0), "va": "center", "annotation_clip": False}
    ax.annotate(text, where, textcoords="offset points", **style | options)
    return ax


def heat(
    ax: Axes, matrix: np.ndarray, label: str = "", signed: bool = False, log: bool = False
) -> Axes:
    """A matrix (rows, columns) as colours, with a bar; rows run downwards, both count from 1.

    From white to the gradient's colour, on a logarithmic scale if `log`; or, if `signed`, from
    blue through white at zero to the gradient's colour. NaN stays empty: grey. Raises ValueError
    where a logarithm does not exist.
    """
    matrix = np.asarray(matrix, dtype=float)
    rows, columns = matrix.shape
    largest = np.nanmax(np.abs(matrix))
    norm = Normalize(-largest if signed else 0, largest)
    if log:
        if signed or np.nanmin(matrix) < 0 or largest == 0:
            raise ValueError("log needs entries from zero upwards, some of them positive")
        norm = LogNorm(np.nanmin(matrix[matrix > 0]), largest)
        matrix = np.maximum(matrix, norm.vmin)  # zero is as white as the least
    extent = (0.5, columns + 0.5, rows + 0.5, 0.5)
    image = ax.imshow(matrix, cmap=_map(signed), norm=norm, extent=extent, interpolation="nearest")
    for axis in ax.xaxis, ax.yaxis:
        axis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))
    bar = ax.inset_axes((1.04, 0, 0.05, 1))  # as high as the matrix, whatever its shape
    ax.figure.colorbar(image, cax=bar, label=label)
    return ax


def _map(signed: bool) -> Colormap:
    colors = ["white", COLORS["gradient"], "#5c2800"]
    if signed:
        colors = ["#003350", COLORS["hidden"], *colors]
    colors = LinearSegmentedColormap.from_list("unrolled", colors)
    return colors.with_extremes(bad="#ececec")


def _luminance(rgb: np.ndarray) -> float:
    """Relative luminance of an sRGB colour, 0 to 1 (WCAG)."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])
