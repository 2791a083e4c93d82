"""Labels for every character of Python source: strings, comments, brackets, indentation."""

import io
import token
import tokenize
from collections.abc import Iterator

import numpy as np
from numpy import ndarray

from unrolled import checks

BRACKETS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}

TRIPLE = {'"""', "'''"}


def source_labels(text: str) -> dict[str, ndarray]:
    """Complete Python source -> arrays (length,), each saying how things stand *after* a character.

    quote, triple, comment (bool): a string between single quotation marks, a string between triple
    ones, a comment is open. bracket (int): how many (, [ and { are open. indent (int): spaces that
    the line began with, as far as they have been read. column (int): characters since the line
    began. All but the last two follow Python's own tokenizer: a bracket in a string is none.
    Raises ValueError, with the line, where the text is not complete Python source.
    """
    checks.text(text=text)
    open_now = {kind: np.zeros(len(text), bool) for kind in ("quote", "triple", "comment")}
    change = np.zeros(len(text), int)
    for kind, a, b in _spans(text):
        if kind in open_now:
            open_now[kind][a:b] = True
        else:
            change[a] = BRACKETS[kind]
    column, indent = _layout(text)
    return open_now | {"bracket": change.cumsum(), "indent": indent, "column": column}


def _spans(text: str) -> Iterator[tuple[str, int, int]]:
    """(kind, a, b) in order: open after the characters a … b - 1, or a bracket at a."""
    starts = np.cumsum([0] + [len(line) + 1 for line in text.split("\n")])
    nested, first = 0, 0  # from Python 3.12 on an f-string is several tokens, others within it
    for t in _tokens(text):
        a, b = (int(starts[row - 1]) + column for row, column in (t.start, t.end))
        name = token.tok_name[t.type]
        if name == "STRING" or name.endswith("STRING_START"):
            if not nested:
                first = a + next(i for i, c in enumerate(t.string) if c in "'\"")  # b"…", rf'…'
            nested += name != "STRING"
        if name.endswith("STRING_END"):
            nested -= 1
        if nested:
            continue
        if name == "STRING" or name.endswith("STRING_END"):
            yield "triple" if text[first : first + 3] in TRIPLE else "quote", first, b - 1
        elif name == "COMMENT":
            yield "comment", a, b
        elif name == "OP" and t.string in BRACKETS:
            yield t.string, a, b


def _tokens(text: str) -> Iterator[tokenize.TokenInfo]:
    """Python's tokens; ValueError where there are none."""
    row = 1
    try:
        for t in tokenize.generate_tokens(io.StringIO(text).readline):
            row = t.start[0]
            if t.type == token.ERRORTOKEN:
                raise SyntaxError(f"unexpected {t.string!r}")
            yield t
    except (tokenize.TokenError, SyntaxError) as error:
        raise ValueError(
            f"text: not complete Python source, near line {row}: {error.args[0]}"
        ) from None


def _layout(text: str) -> tuple[ndarray, ndarray]:
    """Characters since the line began, and how many of them were spaces at its beginning."""
    column, indent = np.zeros(len(text), int), np.zeros(len(text), int)
    place = 0
    for line in text.split("\n"):
        n = len(line)
        blank = n - len(line.lstrip(" "))
        column[place : place + n] = np.arange(1, n + 1)
        indent[place : place + n] = np.minimum(column[place : place + n], blank)
        place += n + 1  # the newline itself: column 0, indent 0
    return column, indent
