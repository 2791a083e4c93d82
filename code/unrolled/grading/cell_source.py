"""A right solution for a drawn cell, written out in plain NumPy.

Code of a formula is written as it is printed. Going back, each formula is taken apart from the
outside to the inside: `d` is the code of what has come back so far.
"""

from collections.abc import Iterable, Iterator

from unrolled.grading.activations import ACTIVATIONS
from unrolled.grading.cell_parts import S_OLD, H, S, X
from unrolled.grading.drawn_cell import DrawnCell
from unrolled.grading.expressions import (
    Applied,
    Expression,
    Minus,
    Product,
    Sum,
    Symbol,
    Times,
    python,
    written,
)

HELPERS = """import numpy as np


def sigmoid(a):
    return 0.5 + 0.5 * np.tanh(0.5 * a)


def softsign(a):
    return a / (1 + abs(a))
"""
FORWARD = '''def forward(x, s_0, P):
    """x (T, N, D), s_0 (N, H) -> outputs h (T, N, H) and all states s (T + 1, N, H)."""
    s = np.zeros((len(x) + 1, *s_0.shape), s_0.dtype)
    h = np.zeros_like(s[1:])
    s[0] = s_0
    for t in range(len(x)):  # s[t] is the state before this step, s[t + 1] the state after it
{step}
    return h, s
'''
BACKWARD = '''def backward(x, s, P, dh):
    """The gradients: a dict for the parameters, dx (T, N, D), ds_0 (N, H)."""
    grads = {{name: np.zeros_like(P[name]) for name in P}}
    dx = np.zeros_like(x)
    from_next = np.zeros_like(s[0])  # what comes back to s[t + 1] from the next step
    for t in reversed(range(len(x))):
        # the step once more
{step}
        # and back, from its last line to its first
{back}
    return grads, dx, from_next
'''


def forward_source(cell: DrawnCell) -> str:
    """`forward(x, s_0, P)` for this cell; it needs `HELPERS`."""
    return FORWARD.format(step=indented(Solution(cell).lines()))


def backward_source(cell: DrawnCell) -> str:
    """`backward(x, s, P, dh)` for this cell; it needs `HELPERS`."""
    solution = Solution(cell)
    return BACKWARD.format(
        step=indented(solution.lines_again()), back=indented(solution.lines_back())
    )


def indented(lines: Iterable[str]) -> str:
    """The lines as they stand in a function's loop."""
    return "\n".join(f"        {line}".rstrip() for line in lines)


class Solution:
    """The code of a cell's formulas, in both directions."""

    def __init__(self, cell: DrawnCell):
        """For this cell; nothing is written yet."""
        self.steps = cell.steps
        self.names = {w: f'P["{w.name}"]' for w in cell.weights}
        self.names |= {symbol: symbol.name for symbol, _ in cell.steps}
        self.names |= {X: "x[t]", S_OLD: "s[t]", S: "s[t + 1]", H: "h[t]"}
        self.came_back = {H: "dh[t]", S: "from_next"}  # so far, to each symbol of this step

    def code(self, e: Expression) -> str:
        """The formula as code."""
        return written(e, python(self.names))

    def factor(self, e: Expression) -> str:
        """The formula as code that may stand in a product."""
        return f"({self.code(e)})" if isinstance(e, Sum | Minus | Times) else self.code(e)

    def lines(self) -> list[str]:
        """One line for each formula."""
        return [f"{self.names[symbol]} = {self.code(e)}" for symbol, e in self.steps]

    def lines_again(self) -> list[str]:
        """The lines that the way back needs; what a slope is worked out from has one of its own."""
        lines = []
        for symbol, e in self.steps:
            line = self.code(e)
            if isinstance(e, Applied) and not isinstance(e.inner, Symbol):
                f = ACTIVATIONS[e.activation]
                if "{a}" in f.slope_code:
                    lines.append(f"a_{symbol.name} = {self.code(e.inner)}")
                    line = f"{f.code}(a_{symbol.name})"
            if symbol not in (S, H):  # the states are at hand, and nothing needs h
                lines.append(f"{symbol.name} = {line}")
        return lines

    def lines_back(self) -> Iterator[str]:
        """What comes back, from the last formula to the first, and what goes on to s[t]."""
        for symbol, e in reversed(self.steps):
            yield from self.send_back(e, self.came_back[symbol], symbol)
            yield ""
        yield f"from_next = {self.came_back[S_OLD]}"

    def send_back(self, e: Expression, d: str, of: Symbol | None = None) -> Iterator[str]:
        """The lines for what comes back through e; `of` is the symbol whose whole formula it is."""
        if isinstance(e, Sum | Minus | Times | Product) and " " in d:  # used more than once
            name = f"Delta_{of.name}" if of else "back"
            yield f"{name} = {d}"
            d = name
        match e:
            case Symbol():
                yield self.add(e, d)
            case Sum(terms):
                for term in terms:
                    yield from self.send_back(term, d)
            case Minus(left, right):
                yield from self.send_back(left, d)
                yield from self.send_back(right, f"-{d}")
            case Product(factors):
                for k, part in enumerate(factors):
                    others = [self.factor(f) for j, f in enumerate(factors) if j != k]
                    yield from self.send_back(part, " * ".join([d, *others]))
            case Times(rows, matrix):
                text = self.code(rows)
                text = text if isinstance(rows, Symbol) else f"({text})"
                yield self.add(matrix, f"{text}.T @ {d}")
                yield from self.send_back(rows, f"{d} @ {self.names[matrix]}.T")
            case Applied(_, inner):
                yield from self.send_back(inner, d + self.slope(e, of), of)

    def slope(self, e: Applied, of: Symbol | None) -> str:
        """What multiplies by an activation's slope."""
        a, y = self.code(e.inner), self.code(e)
        if of and not isinstance(e.inner, Symbol):
            a, y = f"a_{of.name}", self.names[of]
        return ACTIVATIONS[e.activation].slope_code.format(a=a, y=y)

    def add(self, symbol: Symbol, d: str) -> str:
        """The line that adds d to what has come back to a symbol."""
        if symbol == X:
            return f"dx[t] += {d}"
        if symbol.step is None and symbol.letter != "W":  # every row used it
            return f'grads["{symbol.name}"] += {f"({d})" if " " in d else d}.sum(axis=0)'
        if symbol.step is None:
            return f'grads["{symbol.name}"] += {d}'
        name = "ds_old" if symbol == S_OLD else f"d{symbol.name}"
        before = self.came_back.get(symbol)
        self.came_back[symbol] = name
        return f"{name} = {before} + {d}".replace("+ -", "- ") if before else f"{name} = {d}"
