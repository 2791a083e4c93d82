"""A tree of all that a model could write, and the parts of it that a search has asked about.

A path is a tuple of symbols. `inner` holds the paths that are drawn with their branches.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import count

from matplotlib.axes import Axes

from unrolled.figures.plot import COLORS

Path = tuple[str, ...]
Places = dict[Path, tuple[float, float]]


def places(inner: Collection[Path], symbols: Sequence[str]) -> Places:
    """Where each path stands: x counts its symbols, and the ends stand in equal distances."""
    found: Places = {}
    leaves = count()

    def place(path: Path) -> float:
        below = [place((*path, v)) for v in symbols] if path in inner else [-float(next(leaves))]
        found[path] = float(len(path)), (below[0] + below[-1]) / 2
        return found[path][1]

    place(())
    return found


def branches(ax: Axes, where: Places, end: str, size: float = 9) -> Axes:
    """The bare tree: a line for each branch, a circle for each path, filled where it has ended."""
    for path, (x, y) in where.items():
        if path:
            x0, y0 = where[path[:-1]]
            ax.plot([x0, x], [y0, y], color=COLORS["grey"], lw=0.8, zorder=1)
        fill = COLORS["output"] if path[-1:] == (end,) else "white"
        ax.plot(x, y, "o", ms=size, mfc=fill, mec=COLORS["grey"], mew=0.8, zorder=2)
    deepest, lowest = max(x for x, _ in where.values()), min(y for _, y in where.values())
    ax.set(xlim=(-0.2, deepest + 0.9), ylim=(lowest - 0.7, 0.7))
    ax.axis("off")
    return ax


def names(
    ax: Axes, where: Places, model: Callable[[Path], Mapping[str, float]], end: str, limit: int
) -> Axes:
    """Each symbol in its circle, its probability on the branch; dots where the tree goes on."""
    for path, (x, y) in where.items():
        if not path:
            continue
        x0, y0 = where[path[:-1]]
        on_branch = 0.28 * x0 + 0.72 * x, 0.28 * y0 + 0.72 * y
        box = {"fc": "white", "ec": "none", "pad": 0.5}
        p = f"{model(path[:-1])[path[-1]]:g}"
        ax.text(*on_branch, p, fontsize=8.5, ha="center", va="center", bbox=box, zorder=3)
        if path[-1] == end:
            continue
        ax.text(x, y, path[-1], fontsize=9, ha="center", va="center", zorder=4)
        if len(path) < limit and not any(longer[:-1] == path for longer in where):
            ax.text(x + 0.14, y, "· · ·", fontsize=9, va="center", color=COLORS["grey"])
    return ax


def lit(ax: Axes, where: Places, calls: Sequence[Collection[Path]], found: Path) -> Axes:
    """The paths that a search asked about, with the number of the call; what it found, thick."""
    for number, call in enumerate(calls, start=1):
        for path in where.keys() & set(call):
            x, y = where[path]
            ax.plot(x, y, "o", ms=9.5, color=COLORS["hidden"], zorder=3)
            ax.text(
                x, y, str(number), fontsize=8, color="white", ha="center", va="center", zorder=4
            )
    steps = [where[found[:t]] for t in range(len(found) + 1)]
    ax.plot(*zip(*steps, strict=True), color=COLORS["output"], lw=3, zorder=1.5)
    return ax
