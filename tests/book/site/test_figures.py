"""Figures on a phone: as wide as the screen, and none of their words too small to be read."""

import re

PHONE = 390  # pixels across, all of which a figure gets (`unrolled.css`)
SMALLEST = 8  # pixels; what is set as an index within a formula may be smaller
UNITS = {"": 1, "px": 1, "pt": 4 / 3, "in": 96}
GLYPHS = re.compile(r'<g (?:style="[^"]*" )?transform="[^"]*?scale\(([\d.]+) -[\d.]+\)')
FONT = re.compile(r'font(?:-size)?:\s*(?:[^;"]*?\s)?([\d.]+)px')


def smallest_text(svg: str) -> float:
    """Its height in pixels on a phone; Matplotlib draws letters of 100 units, scaled down."""
    sizes = [100 * float(scale) for scale in GLYPHS.findall(svg)]
    sizes += [float(size) for size in FONT.findall(svg)]
    root = re.search(r"<svg\b[^>]*>", svg)[0]
    width, unit = re.search(r'\bwidth="([\d.]+)(\w*)"', root).groups()
    across = float(re.search(r'viewBox="([^"]+)"', root)[1].split()[2])
    shrunk = min(float(width) * UNITS[unit], PHONE) / across
    return min(sizes, default=100) * shrunk


def test_words_in_figures_can_be_read_on_a_phone(html, article):
    small = {}
    for figure in article.select("figure[id]"):
        image = figure.find("img")
        if image and image["src"].endswith(".svg"):
            size = smallest_text((html.parent / image["src"]).read_text("utf-8"))
            if size < SMALLEST:
                small[figure["id"]] = round(size, 1)
    assert not small, f"make the figure narrower, or its words larger (now {small} pixels)"
