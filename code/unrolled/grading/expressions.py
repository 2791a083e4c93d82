"""Formulas as trees: one tree is printed, computed, written as NumPy, and differentiated.

A formula is made of symbols, constants, sums, differences, products entry by entry (of any number
of factors), rows times a matrix, and activations. Trees never change and compare by content.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

from numpy import ndarray

from unrolled.grading.activations import ACTIVATIONS, Activation


@dataclass(frozen=True)
class Symbol:
    """A letter: `Symbol("W", "xf")` is the parameter W_xf, `Symbol("s", step=-1)` is s at t - 1."""

    letter: str
    of: str = ""  # what a parameter belongs to
    step: int | None = None  # 0 for t, -1 for t - 1, None for a parameter

    @property
    def name(self) -> str:
        """As a Python name: W_xf, or s for s at any step."""
        return f"{self.letter}_{self.of}" if self.of else self.letter

    @property
    def tex(self) -> str:
        """As LaTeX: W_{xf}, b_f, s_{t-1}."""
        below = self.of if self.step is None else ("t", "{t-1}")[-self.step]
        return f"{self.letter}_{{{below}}}" if len(self.of) > 1 else f"{self.letter}_{below}"


@dataclass(frozen=True)
class Constant:
    """A number, for every entry the same."""

    value: int


@dataclass(frozen=True)
class Sum:
    """All terms added up."""

    terms: tuple["Expression", ...]


@dataclass(frozen=True)
class Minus:
    """The left side minus the right one."""

    left: "Expression"
    right: "Expression"


@dataclass(frozen=True)
class Product:
    """All factors multiplied, entry by entry."""

    factors: tuple["Expression", ...]


@dataclass(frozen=True)
class Times:
    """Rows times a matrix, which is a parameter."""

    rows: "Expression"
    matrix: Symbol


@dataclass(frozen=True)
class Applied:
    """An activation, by its name in `ACTIVATIONS`, of every entry."""

    activation: str
    inner: "Expression"


Expression = Symbol | Constant | Sum | Minus | Product | Times | Applied


class Style(NamedTuple):
    """How a formula is written: LaTeX or Python."""

    symbol: Callable[[Symbol], str]
    product: str
    times: str
    activation: Callable[[Activation], str]


TEX = Style(lambda symbol: symbol.tex, r" \odot ", " ", lambda f: f.tex)


def python(names: Mapping[Symbol, str]) -> Style:
    """Python's way, with a name or a piece of code for each symbol."""
    return Style(names.__getitem__, " * ", " @ ", lambda f: f.code)


def written(e: Expression, style: Style = TEX) -> str:
    """The formula as text, with no brackets but those that it needs.

    A product and rows times a matrix never meet without brackets: Python reads `r * s @ W` from
    the left, and people read r ⊙ s W in two ways.
    """

    def inside(part: Expression, *looser: type) -> str:
        text = written(part, style)
        return f"({text})" if isinstance(part, looser) else text

    match e:
        case Symbol():
            return style.symbol(e)
        case Constant(value):
            return str(value)
        case Sum(terms):
            return " + ".join(written(term, style) for term in terms).replace("+ -", "- ")
        case Minus(left, right):
            return f"{written(left, style)} - {inside(right, Sum, Minus)}"
        case Product(factors):
            return style.product.join(inside(part, Sum, Minus, Times) for part in factors)
        case Times(rows, matrix):
            return f"{inside(rows, Sum, Minus, Product)}{style.times}{style.symbol(matrix)}"
        case Applied(activation, inner):
            return f"{style.activation(ACTIVATIONS[activation])}({written(inner, style)})"


def parts(e: Expression) -> tuple[Expression, ...]:
    """What the tree's top is made of, from left to right."""
    match e:
        case Sum(several) | Product(several):
            return several
        case Minus(left, right) | Times(left, right):
            return left, right
        case Applied(_, inner):
            return (inner,)
    return ()


def nodes(e: Expression) -> list[Expression]:
    """The tree itself and everything in it, from left to right."""
    return [e] + [node for part in parts(e) for node in nodes(part)]


def operations(e: Expression) -> int:
    """How many sums, differences, products of both kinds and activations it takes."""
    own = 1 if isinstance(e, Applied) else max(len(parts(e)) - 1, 0)
    return own + sum(operations(part) for part in parts(e))


def value(e: Expression, values: Mapping[Symbol, ndarray]) -> Any:
    """The formula's value, from those of its symbols: an array, or a number for a constant."""
    match e:
        case Symbol():
            return values[e]
        case Constant(number):
            return number
        case Sum(terms):
            first, *others = (value(term, values) for term in terms)
            return sum(others, start=first)
        case Minus(left, right):
            return value(left, values) - value(right, values)
        case Product(factors):
            first, *others = (value(part, values) for part in factors)
            return prod(others, start=first)
        case Times(rows, matrix):
            return value(rows, values) @ values[matrix]
        case Applied(activation, inner):
            return ACTIVATIONS[activation].value(value(inner, values))


def send_back(
    e: Expression, d: ndarray, values: Mapping[Symbol, ndarray], gradients: dict[Symbol, ndarray]
) -> None:
    """Add to `gradients` what comes back to each symbol from d (N, H), the gradient at e."""
    match e:
        case Symbol():
            from_rows = d.sum(axis=0) if e.step is None else d  # every row used the parameter
            gradients[e] = gradients[e] + from_rows if e in gradients else from_rows
        case Sum(terms):
            for term in terms:
                send_back(term, d, values, gradients)
        case Minus(left, right):
            send_back(left, d, values, gradients)
            send_back(right, -d, values, gradients)
        case Product(factors):
            for k, part in enumerate(factors):
                others = (value(other, values) for j, other in enumerate(factors) if j != k)
                send_back(part, prod(others, start=d), values, gradients)
        case Times(rows, matrix):
            here = value(rows, values).T @ d
            gradients[matrix] = gradients[matrix] + here if matrix in gradients else here
            send_back(rows, d @ values[matrix].T, values, gradients)
        case Applied(activation, inner):
            a, f = value(inner, values), ACTIVATIONS[activation]
            send_back(inner, d * f.slope(a, f.value(a)), values, gradients)
