"""The stylesheet: ebook.css, and the site's colours of code and of coloured text."""

import re
from pathlib import Path

from unrolled.figures import coloured_text

COLOUR = re.compile(r'^html\[data-theme="(light|dark)"\] (\.highlight \.\w+) \{ (color: #\w+)')


def sheet(pygments: str) -> str:
    """`pygments` is the site's stylesheet for code, with a theme before each rule."""
    rules = {"light": [], "dark": []}
    for line in pygments.splitlines():
        if found := COLOUR.match(line):
            rules[found[1]].append(f"{found[2]} {{ {found[3]}; }}")
    for mode, lines in rules.items():
        paper, ink = coloured_text.PAPER[mode], coloured_text.INK[mode]
        lines.append(f"pre, .coloured figcaption code {{ background: {paper}; color: {ink}; }}")
        for name, color in coloured_text.palette(mode).items():
            lines.append(f".coloured .{name} {{ background: {color}; }}")
    looks = Path(__file__).with_name("ebook.css").read_text("utf-8")
    light, dark = ("\n".join(lines) for lines in rules.values())
    return f"{looks}\n{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n"
