"""What drawn cells are put together from: gates, candidates, mixtures, outputs.

gates             sigmoids of x_t W + s_{t-1} W + b, some with a peephole or a shift by 1
a candidate n_t   an activation of the same, where a reset gate may stand in one of three places
the state s_t     a mixture of s_{t-1} and n_t, of five kinds
the output h_t    what the state shows, of three kinds
"""

from unrolled.grading.draw import Draw
from unrolled.grading.expressions import (
    Applied,
    Constant,
    Expression,
    Minus,
    Product,
    Sum,
    Symbol,
    Times,
)

Step = tuple[Symbol, Expression]
CURVES = "tanh", "arctan", "arsinh", "softsign"
RESETS = "none", "before the product", "after the product", "after product and bias"
OUTPUTS = "gate", "gate and curve", "curve"

X, S_OLD = Symbol("x", step=0), Symbol("s", step=-1)
N, S, H = (Symbol(letter, step=0) for letter in "nsh")
F, I, Z, R, O = (Symbol(letter, step=0) for letter in "fizro")  # noqa: E741
SHUT = Minus(Constant(1), Z)  # what a slider leaves to the other side

MIXTURES: dict[str, tuple[tuple[Symbol, ...], tuple[Expression, Expression]]] = {  # gates, terms
    "two gates": ((F, I), (Product((F, S_OLD)), Product((I, N)))),
    "two gates, squashed": ((F, I), (Product((F, S_OLD)), Product((I, N)))),
    "two gates, by difference": ((F, I), (Product((F, S_OLD)), Product((I, Minus(N, S_OLD))))),
    "slider that keeps": ((Z,), (Product((Z, S_OLD)), Product((SHUT, N)))),
    "slider that writes": ((Z,), (Product((SHUT, S_OLD)), Product((Z, N)))),
}


def cell(draw: Draw) -> tuple[Step, ...]:
    """The formulas of one step of any cell, in the order in which they are worked out."""
    kind, reset, output = draw.choice(list(MIXTURES)), draw.choice(RESETS), draw.choice(OUTPUTS)
    gates, terms = MIXTURES[kind]
    mixture: Expression = Sum(terms)
    if kind == "two gates, squashed":
        mixture = Applied(draw.choice(CURVES), mixture)
    if reset != "none":
        gates += (R,)
    return (
        *((symbol, gate(symbol, draw)) for symbol in gates),
        (N, candidate(reset, draw.choice(CURVES))),
        (S, mixture),
        *((symbol, gate(symbol, draw)) for symbol in (O,) if output != "curve"),
        (H, shown(output, draw.choice(CURVES))),
    )


def gate(symbol: Symbol, draw: Draw) -> Applied:
    """A gate; the peephole of the output gate may look at the new state."""
    own = symbol.letter
    W_x, W_s, b = Symbol("W", f"x{own}"), Symbol("W", f"s{own}"), Symbol("b", own)
    terms: tuple[Expression, ...] = (Times(X, W_x), Times(S_OLD, W_s), b)
    seen = draw.choice((None, S_OLD, S if symbol == O else S_OLD))
    if seen is not None:
        terms += (Product((Symbol("p", own), seen)),)
    if shift := draw.choice((0, 1, -1)):
        terms += (Constant(shift),)
    return Applied("sigmoid", Sum(terms))


def candidate(reset: str, curve: str) -> Applied:
    """What may be written to the state; a reset gate decides what it sees of the old state."""
    W_x, W_s, b = Symbol("W", "xn"), Symbol("W", "sn"), Symbol("b", "n")
    old: Expression = Times(S_OLD, W_s)
    match reset:
        case "before the product":
            old = Times(Product((R, S_OLD)), W_s)
        case "after the product":
            old = Product((R, old))
        case "after product and bias":
            b, old = Symbol("b", "xn"), Product((R, Sum((old, Symbol("b", "sn")))))
    return Applied(curve, Sum((Times(X, W_x), old, b)))


def shown(output: str, curve: str) -> Expression:
    """The output."""
    curved = Applied(curve, S)
    return {
        "gate": Product((O, S)),
        "gate and curve": Product((O, curved)),
        "curve": curved,
    }[output]
