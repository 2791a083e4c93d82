"""From the Markdown of the questions to HTML.

It knows what the questions use: paragraphs, tables, *emphasis*, `code`, and mathematics between
dollar signs, which MathJax and Moodle find between their own marks.
"""

import re
from html import escape

INLINE = re.compile(r"\$(?P<math>[^$]+)\$|\*(?P<em>[^*\n]+)\*|`(?P<code>[^`]+)`")


def to_html(text: str) -> str:
    """Markdown to HTML, block by block."""
    blocks = [block for block in text.split("\n\n") if block.strip()]
    return "\n".join(
        _table(block) if block.startswith("|") else f"<p>{inline(block)}</p>" for block in blocks
    )


def inline(text: str) -> str:
    """Markdown within a line to HTML, without a paragraph around it."""
    parts, end = [], 0
    for match in INLINE.finditer(text):
        parts += [escape(text[end : match.start()]), _marked(match)]
        end = match.end()
    return "".join(parts) + escape(text[end:])


def _marked(match: re.Match) -> str:
    """The HTML of one piece that is marked."""
    if match["math"]:
        return rf"\({escape(match['math'])}\)"
    name = "em" if match["em"] else "code"
    return f"<{name}>{escape(match[name])}</{name}>"


def _table(block: str) -> str:
    """The HTML of a table, whose second line only draws a rule."""
    head, _, *rows = [
        [cell.strip() for cell in line.strip().strip("|").split("|")] for line in block.splitlines()
    ]
    lines = ["<table>", _row("th", head), *(_row("td", row) for row in rows), "</table>"]
    return "\n".join(lines)


def _row(tag: str, cells: list[str]) -> str:
    """The HTML of one row."""
    return f"<tr>{''.join(f'<{tag}>{inline(cell)}</{tag}>' for cell in cells)}</tr>"
