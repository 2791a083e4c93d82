"""What a sheet says of the cell that was drawn for it, and of no other: hints for its way back."""

from unrolled.grading.cell_parts import N, O, R, S
from unrolled.grading.drawn_cell import DrawnCell
from unrolled.grading.expressions import Applied, Product, Symbol, Times, nodes

SLOPES = {  # from what goes in, a, or what comes out, y
    "tanh": "<code>1 - y ** 2</code>",
    "arctan": "<code>1 / (1 + a ** 2)</code>",
    "arsinh": "<code>1 / np.sqrt(1 + a ** 2)</code>",
    "softsign": "<code>1 / (1 + abs(a)) ** 2</code>, which is <code>(1 - abs(y)) ** 2</code>",
}
OLD = "s<sub>t−1</sub>"
CANDIDATES = {  # where the reset gate stands: the term that has it, and what goes where
    "before the product": (
        f"(r ⊙ {OLD}) W<sub>sn</sub>",
        {
            "r": "(Delta_n @ W_sn.T) * s[t]",
            "W_sn": "(r * s[t]).T @ Delta_n",
            OLD: "r * (Delta_n @ W_sn.T)",
        },
    ),
    "after the product": (
        f"r ⊙ ({OLD} W<sub>sn</sub>)",
        {
            "r": "Delta_n * (s[t] @ W_sn)",
            "W_sn": "s[t].T @ (r * Delta_n)",
            OLD: "(r * Delta_n) @ W_sn.T",
        },
    ),
    "after product and bias": (
        f"r ⊙ ({OLD} W<sub>sn</sub> + b<sub>sn</sub>)",
        {
            "r": "Delta_n * (s[t] @ W_sn + b_sn)",
            "W_sn": "s[t].T @ (r * Delta_n)",
            "b_sn": "(r * Delta_n).sum(axis=0)",
            OLD: "(r * Delta_n) @ W_sn.T",
        },
    ),
}


def slopes(cell: DrawnCell) -> str:
    """A sentence with the slope of each curve of the cell, the gates' sigmoid left out."""
    found = {part.activation for _, e in cell.steps for part in nodes(e) if type(part) is Applied}
    said = [f"The slope of {name} is {code}." for name, code in SLOPES.items() if name in found]
    return (
        "Let <code>a</code> be what goes into a curve and <code>y</code> what comes out. "
        + " ".join(said)
    )


def reset_place(cell: DrawnCell) -> str:
    """Where the reset gate stands in the line of n: one of `RESETS`."""
    formulas = dict(cell.steps)
    if R not in formulas:
        return "none"
    _, old, _ = formulas[N].inner.terms
    if isinstance(old, Times):
        return "before the product"
    assert isinstance(old, Product)
    return "after the product" if isinstance(old.factors[1], Times) else "after product and bias"


def candidate(cell: DrawnCell) -> str:
    """How the way back goes through the line of n."""
    place = reset_place(cell)
    if place == "none":
        return "The line of n<sub>t</sub> goes like that of a gate, with its own slope."
    term, gets = CANDIDATES[place]
    *others, last = (
        f"{name if name == OLD else f'<code>{name}</code>'} gets <code>{code}</code>"
        for name, code in gets.items()
    )
    return (
        "For the line of n<sub>t</sub>, <code>Delta_n</code> is <code>dn</code> times its own "
        f"slope. Through {term}, {', '.join(others)}, and {last}. "
        "The other terms go as in a gate."
    )


def output_reads(cell: DrawnCell) -> str:
    """What the output reads, and so what comes back from it."""
    if O in dict(cell.steps):
        return (
            "The gate $o_t$ reads $s_{t-1}$ directly, so something comes back to $s_{t-1}$ from "
            "there, too."
        )
    return "The output reads $s_t$ and nothing else."


def first_gate(cell: DrawnCell) -> Symbol:
    """The gate that stands before the old state in the line of s: f or z."""
    inside = [part for part in nodes(dict(cell.steps)[S]) if isinstance(part, Symbol)]
    return next(symbol for symbol in inside if symbol.letter in "fz")
