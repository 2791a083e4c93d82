"""The picture that a link to a chapter shows where it is shared: its number and its title."""

import hashlib
import textwrap
from pathlib import Path

SIZE = (1200, 630)  # pixels, as the sites that show such pictures ask for
INK, PAPER, ACCENT = "#1f2933", "#fbfaf7", "#2a6f97"


def card_name(number: str, title: str) -> str:
    """The file's name: another one whenever the picture would be another one."""
    source = Path(__file__).read_bytes() + f"{number}\0{title}".encode()
    return f"card-{hashlib.sha256(source).hexdigest()[:16]}.png"


def draw_card(path: Path, number: str, title: str, book: str) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # slow to load, and seldom needed
    from matplotlib.figure import Figure

    figure = Figure(figsize=(SIZE[0] / 100, SIZE[1] / 100), dpi=100, facecolor=PAPER)
    FigureCanvasAgg(figure)
    ax = figure.add_axes((0, 0, 1, 1), xlim=(0, SIZE[0]), ylim=(0, SIZE[1]))
    ax.axis("off")
    lines = textwrap.wrap(title.replace("$", r"\$"), 26)
    size = 58 if len(lines) <= 3 else 44
    ax.text(80, 550, f"Chapter {number}" if number else "", color=ACCENT, size=26, va="top")
    ax.text(80, 490, "\n".join(lines), color=INK, size=size, va="top", linespacing=1.15)
    steps = [103 + 90 * step for step in range(7)]  # a network, unrolled along time
    ax.plot(steps, [150] * 7, color=ACCENT, lw=4, zorder=1)
    ax.scatter(steps, [150] * 7, s=900, color=PAPER, edgecolor=ACCENT, lw=4, zorder=2)
    ax.text(80, 60, book, color=INK, size=22, va="center")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)
