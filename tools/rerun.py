"""Run code cells of a page again, with other seeds or another line, and look at what they leave.

A claim about a page's experiment is checked on the page's own code, so that the two cannot drift
apart: `cells` picks cells by a piece of their text, `rerun` runs them in a fresh namespace.
"""

import re
from pathlib import Path

FENCE = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OPTIONS = re.compile(r"\A(?:---\n.*?^---\n|(?::[^\n]*\n)+)", re.MULTILINE | re.DOTALL)


def cells(page: Path) -> list[str]:
    """The code of a page's cells, without their options, in order."""
    found = FENCE.findall(page.read_text(encoding="utf-8"))
    return [OPTIONS.sub("", code).lstrip("\n") for code in found]


def rerun(page: Path, pieces: list[str], changes: dict[str, str] | None = None) -> dict:
    """Run the cells which hold the pieces, in the order given; return their namespace.

    Each piece is a text that occurs in exactly one cell. `changes` replaces texts in these cells;
    every one of them has to occur. Raises ValueError naming what does not.
    """
    found, namespace = cells(page), {"__name__": "page"}
    unused = dict(changes or {})
    for piece in pieces:
        holding = [code for code in found if piece in code]
        if len(holding) != 1:
            raise ValueError(f"{page.name}: {piece!r} must be in one cell, is in {len(holding)}")
        (code,) = holding
        for old, new in (changes or {}).items():
            if old in code:
                code = code.replace(old, new)
                unused.pop(old, None)
        exec(compile(code, f"{page.name}: {piece}", "exec"), namespace)
    if unused:
        raise ValueError(f"{page.name}: nothing to change in these cells: {[*unused]}")
    return namespace
