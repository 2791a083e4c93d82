"""Text with a number for every character, shown by colour, as HTML for light and dark pages."""

import html
from collections.abc import Sequence
from itertools import groupby

import numpy as np
from matplotlib.colors import to_hex, to_rgb

from unrolled.figures.plot import COLORS

LEVELS = 3  # shades on either side of zero
INK = {"light": "#20262e", "dark": "#eceff3"}
PAPER = {"light": "#ffffff", "dark": "#191c21"}
SHARES = {"light": (0.25, 0.5, 0.8), "dark": (0.18, 0.32, 0.46)}  # of the colour in the paper
POSITIVE, NEGATIVE = COLORS["cell"], COLORS["input"]  # orange, blue: told apart by all eyes
# the site's theme lays a light ground under HTML in dark mode, which this needs not
DARKENED = 'html[data-theme="dark"] .bd-content div.cell_output .text_html:has(.coloured)'
DARKENED += ":not(:has(table.dataframe))"


class Coloured:
    """What a notebook displays as coloured text, and a terminal as plain text."""

    def __init__(self, text: str, markup: str) -> None:
        self.text = text
        self.markup = markup

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.markup


def coloured(text: str, values: Sequence[float], caption: str) -> Coloured:
    """`text` on orange where its value is positive, up to 1, and on blue where negative, to -1.

    The values are rounded to thirds. Above one half the text is underlined as well, so that
    not all depends on telling colours. `caption` (plain text) says what is shown.
    """
    values = np.asarray(values, dtype=float)
    if values.shape != (len(text),) or not (np.abs(values) <= 1).all():
        fits = values.shape == (len(text),)
        came = f"{values.min()} to {values.max()}" if fits else f"shape {values.shape}"
        raise ValueError(
            f"values must be one from -1 to 1 for each of {len(text)} characters, got {came}"
        )
    steps = np.rint(values * LEVELS).astype(int)
    marked, place = [], 0
    for step, run in groupby(steps.tolist()):
        n = len(list(run))
        marked.append(_span(text[place : place + n], step))
        place += n
    scale = "".join(_span(f" {n} ", s) for n, s in [("−1", -LEVELS), ("0", 0), ("+1", LEVELS)])
    figure = (
        f'<figure class="coloured"><pre>{"".join(marked)}</pre>'
        f"<figcaption>{html.escape(caption)} <code>{scale}</code></figcaption></figure>"
    )
    return Coloured(text, f"<style>{stylesheet()}</style>\n{figure}")


def _span(text: str, step: int) -> str:
    name = f"{'n' if step < 0 else 'p'}{abs(step)}"
    return f'<span class="{name}">{html.escape(text)}</span>' if step else html.escape(text)


def palette(mode: str) -> dict[str, str]:
    """Class -> background colour, in "light" or "dark" mode."""
    return {
        f"{sign}{k}": _mix(color, PAPER[mode], share)
        for sign, color in {"p": POSITIVE, "n": NEGATIVE}.items()
        for k, share in enumerate(SHARES[mode], start=1)
    }


def stylesheet() -> str:
    """Light, and dark where the page says so: on the site, in JupyterLab."""
    dark = ('html[data-theme="dark"]', 'body[data-jp-theme-light="false"]')
    text = f"{DARKENED}{{background:none;color:inherit;padding:0}}.coloured{{margin:1rem 0}}"
    text += ".coloured pre{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid #8884}"
    text += ".coloured :is(.p2,.p3){text-decoration:underline;text-underline-offset:.2em}"
    for mode, places in {"light": ("",), "dark": dark}.items():
        for place in places:
            paper = f"{{background:{PAPER[mode]};color:{INK[mode]}}}"
            text += f"{place} .coloured :is(pre,figcaption code){paper}"
            for name, color in palette(mode).items():
                text += f"{place} .coloured .{name}{{background:{color}}}"
    return text


def _mix(color: str, paper: str, share: float) -> str:
    return to_hex(share * np.array(to_rgb(color)) + (1 - share) * np.array(to_rgb(paper)))
