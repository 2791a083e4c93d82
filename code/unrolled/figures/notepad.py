"""A drawing of the LSTM as a notepad with three taps, for readers who have met no equation yet."""

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, Polygon

from unrolled.figures.boxes import draw_box, inches, put_text
from unrolled.figures.plot import COLORS, ink

LINE, TAP, BOX = 2.2, 0.95, 0.1  # heights of the notepad, of the taps below it, and of the boxes
PALE = "#cfcfcf"  # of what is not the picture's subject
PLACES = {"keep": (2.2, LINE), "write": (4.4, TAP), "show": (6.6, TAP)}
WORDS = {
    "before": "old note",
    "keep": "keep?",
    "new": "proposal",
    "write": "write?",
    "after": "new note",
    "show": "show?",
    "seen": "hidden state",
}


def notepad(
    ax: Axes, tap: str | None = None, texts: Mapping[str, str] = WORDS, size: float = 1.0
) -> Axes:
    """The cell state as a line along the top, with a tap for each decision.

    Parameters
    ----------
    tap : "keep", "write" or "show", to draw this part in colour and all else pale; None for all
    texts : what stands at each place; the places are the keys of `WORDS`, and one that is left
        out stays empty
    size : scale of taps and letters; at 1 it fits an axes of about 6 × 2 inches

    Raises
    ------
    ValueError : if there is no such tap or place
    """
    if tap not in (None, *PLACES):
        raise ValueError(f"tap must be one of {[*PLACES]} or None, got {tap!r}")
    if not set(texts) <= set(WORDS):
        raise ValueError(f"texts must stand at places from {[*WORDS]}, got {[*texts]}")
    texts = dict.fromkeys(WORDS, "") | dict(texts)
    color = {key: COLORS[key] if tap is None else PALE for key in ("cell", "gate", "hidden")}
    ax.set(xlim=(-0.2, 9.4), ylim=(-0.35, 2.95))
    ax.set_axis_off()
    _line(ax, [(0.2, LINE), (9.2, LINE)], color["cell"], 3.5 * size)
    for name, x in (("before", 0.2), ("after", 8.2)):
        shade = ink(COLORS["cell"]) if tap is None else PALE
        style = {"ha": "left" if name == "before" else "center", "color": shade}
        put_text(ax, (x, LINE), texts[name], 12 * size, 0, 0.12 * size, va="bottom", **style)
    for name in PLACES:
        _part(ax, name, texts, tap in (None, name), size)
    return ax


def _part(ax: Axes, name: str, texts: Mapping[str, str], lit: bool, size: float) -> None:
    """One decision: its tap, the pipe it sits on, and what is at the pipe's other end."""
    (x, y), shade = PLACES[name], (lambda key: COLORS[key] if lit else PALE)
    if name == "keep":
        _line(ax, [(0.2, LINE), (4.4, LINE)], shade("cell"), 3.5 * size, arrow=False)
    if name == "write":
        _line(ax, [(x, BOX), (x, LINE - 0.22)], shade("grey"), 2 * size)
        _box(ax, (x, BOX), texts["new"], "grey" if lit else "", size)
        ring = Circle((0, 0), 0.15 * size, transform=inches(ax, (x, LINE)), clip_on=False)
        ring.set(facecolor="white", edgecolor=shade("cell"), linewidth=1.8, zorder=3)
        ax.add_artist(ring)
        style = {"ha": "center", "va": "center_baseline", "zorder": 4}
        put_text(ax, (x, LINE), "+", 14 * size, 0, 0, color=ink(shade("cell")), **style)
    if name == "show":
        _line(ax, [(x, LINE), (x, BOX + 0.3)], shade("hidden"), 2 * size)
        ax.plot(x, LINE, "o", ms=7 * size, color=shade("cell"), zorder=3)
        _squash(ax, (x, 0.5 * (LINE + TAP)), shade("grey"), size)
        _box(ax, (x, BOX), texts["seen"], "hidden" if lit else "", size)
    _tap(ax, (x, y), shade("gate"), size, upright=y != LINE)
    dark = ink(COLORS["gate"]) if lit else PALE
    right, up = (0, -0.3) if name == "keep" else (0.22, 0)
    style = {"ha": "center" if name == "keep" else "left", "va": "center", "color": dark}
    put_text(ax, (x, y), texts[name], 12 * size, right * size, up * size, **style)


def _squash(ax: Axes, where: tuple[float, float], color: str, size: float) -> None:
    """The tanh that keeps what is shown between -1 and 1."""
    frame = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": color}
    style = {"ha": "center", "va": "center", "color": color, "zorder": 3, "bbox": frame}
    put_text(ax, where, r"$\tanh$", 10 * size, 0, 0, **style)


def _box(ax: Axes, where: tuple[float, float], text: str, key: str, size: float) -> None:
    if key:
        draw_box(ax, (*where, text, key), 0.85 * size)
    else:
        frame = {"boxstyle": "square,pad=0.2", "facecolor": "white", "edgecolor": "none"}
        style = {"ha": "center", "va": "center", "color": PALE, "bbox": frame}
        put_text(ax, where, text, 11 * size, 0, 0, **style)


def _tap(ax: Axes, where: tuple[float, float], color: str, size: float, upright: bool) -> None:
    """The sign for a valve in a pipe: two triangles, point to point."""
    s = 0.13 * size  # inches
    corners = [(-s, s), (s, -s), (s, s), (-s, -s)]
    if upright:
        corners = [(y, x) for x, y in corners]
    sign = Polygon(corners, transform=inches(ax, where), clip_on=False, zorder=3)
    sign.set(facecolor="white", edgecolor=color, linewidth=2.2 * size, joinstyle="round")
    ax.add_artist(sign)


def _line(ax: Axes, way: list, color: str, width: float, arrow: bool = True) -> None:
    if not arrow:
        ax.plot(*zip(*way, strict=True), color=color, lw=width, solid_capstyle="butt", zorder=1)
        return
    pipe = FancyArrowPatch(*way, shrinkA=0, shrinkB=0, arrowstyle="-|>", zorder=0.9)
    pipe.set(mutation_scale=6 * width + 2, color=color, linewidth=width, clip_on=False)
    pipe.set(joinstyle="miter", capstyle="butt", transform=ax.transData)
    ax.add_artist(pipe)
