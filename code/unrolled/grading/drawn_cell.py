"""Recurrent cells that a key draws, to be written and differentiated by hand.

A cell is a list of formulas. What is printed, what is computed and the gradients all come from
them. Every cell has three gates, and all take nearly the same number of operations, so that one is
as hard as another.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy import ndarray
from numpy.typing import DTypeLike

from unrolled import checks
from unrolled.grading.cell_parts import S_OLD, H, S, Step, X, cell
from unrolled.grading.draw import Draw
from unrolled.grading.expressions import (
    Constant,
    Symbol,
    nodes,
    operations,
    send_back,
    value,
    written,
)
from unrolled.layers.layer_contract import check, from_beyond

LEAST, MOST = 29, 32  # operations of one step
Parameters = Mapping[str, ndarray]


@dataclass(frozen=True)
class DrawnCell:
    """The formulas of one step, in the order in which they are worked out."""

    steps: tuple[Step, ...]

    @classmethod
    def draw(cls, draw: Draw) -> "DrawnCell":
        """A cell with three gates, a peephole and a shift, and as many operations as others."""
        checks.kind("a Draw", Draw, draw=draw)
        while not (drawn := cls(cell(draw))).is_like_others:
            pass  # the stream goes on until one fits
        return drawn

    @property
    def is_like_others(self) -> bool:
        """Has it three gates, a peephole, a shift, and operations within the bounds?"""
        gates = [e for _, e in self.steps if getattr(e, "activation", None) == "sigmoid"]
        shifts = [1 for e in gates for part in nodes(e) if isinstance(part, Constant)]
        peepholes = [w for w in self.weights if w.letter == "p"]
        usual = len(gates) == 3 and bool(peepholes) and bool(shifts)
        return usual and LEAST <= self.operations <= MOST

    @property
    def operations(self) -> int:
        """How many operations one step takes, each of them on whole arrays."""
        return sum(operations(e) for _, e in self.steps)

    @property
    def weights(self) -> list[Symbol]:
        """Every parameter once, in the order of the equations."""
        found = [part for _, e in self.steps for part in nodes(e) if isinstance(part, Symbol)]
        return list(dict.fromkeys(symbol for symbol in found if symbol.step is None))

    def equations(self) -> str:
        """LaTeX: one line for each formula, lined up at the signs of equality."""
        lines = [rf"{symbol.tex} &= {written(e)}" for symbol, e in self.steps]
        return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"

    def parameters(self, D: int, H: int) -> dict[str, tuple[int, ...]]:
        """The shape of each parameter by its name, in the order of the equations."""
        checks.whole(1, D=D, H=H)
        sizes = {"x": (D, H), "s": (H, H)}
        return {w.name: sizes[w.of[0]] if w.letter == "W" else (H,) for w in self.weights}

    def init(self, D: int, H: int, draw: Draw, dtype: DTypeLike = float) -> dict[str, ndarray]:
        """Parameters by chance, the matrices smaller the more rows they have."""
        checks.kind("a Draw", Draw, draw=draw)
        P = {}
        for name, size in self.parameters(D, H).items():
            scale = 1 / np.sqrt(size[0]) if len(size) == 2 else 0.5
            P[name] = (scale * draw.uniform(*size)).astype(dtype)
        return P

    def forward(self, x: ndarray, s_0: ndarray, P: Parameters) -> tuple[ndarray, ndarray]:
        """Run N sequences through T steps.

        Parameters
        ----------
        x : (T, N, D) inputs
        s_0 : (N, H) state before the first step
        P : the parameters by their names, as in `parameters`

        Returns
        -------
        h : (T, N, H) output of each step
        s : (T + 1, N, H) every state; s[t] is the state before x[t], s[t + 1] the state after it

        Raises
        ------
        ValueError : if an array has another shape, or is not of floats
        """
        T, N, D = check("x", x, "T", "N", "D")
        s = np.empty((T + 1, *check("s_0", s_0, N, "H")), x.dtype)
        self.check_parameters(P, D, s.shape[2])
        h, s[0] = np.empty_like(s[1:]), s_0
        for t in range(T):
            values = self.step(x[t], s[t], P)
            s[t + 1], h[t] = values[S], values[H]
        return h, s

    def backward(
        self, x: ndarray, s: ndarray, P: Parameters, dh: ndarray, ds_T: ndarray | None = None
    ) -> tuple[dict[str, ndarray], ndarray, ndarray]:
        """Backpropagation through time.

        Parameters
        ----------
        x : (T, N, D) inputs
        s : (T + 1, N, H) every state, from `forward`
        P : the parameters by their names
        dh : (T, N, H) gradient of each step's own loss at its output
        ds_T : (N, H) what comes back to the last state from beyond the last step; None for nothing

        Returns
        -------
        grads : the gradient of each parameter, by its name
        dx : (T, N, D) gradient at the inputs
        ds_0 : (N, H) gradient at the initial state

        Raises
        ------
        ValueError : if an array has another shape, or is not of floats
        """
        T, N, D = check("x", x, "T", "N", "D")
        check("s", s, T + 1, N, "H")
        check("dh", dh, *s[1:].shape)
        self.check_parameters(P, D, s.shape[2])
        ds, dx = from_beyond("ds_T", ds_T, s[-1]), np.empty_like(x)
        grads = {w: np.zeros_like(P[w.name]) for w in self.weights}
        for t in reversed(range(T)):
            values, d = self.step(x[t], s[t], P), {H: dh[t], S: ds}
            for symbol, e in reversed(self.steps):  # what uses a symbol stands below it
                send_back(e, d.pop(symbol), values, d)
            dx[t], ds = d[X], d[S_OLD]
            grads = {w: grads[w] + d[w] for w in grads}
        return {w.name: gradient for w, gradient in grads.items()}, dx, ds

    def step(self, x_t: ndarray, s_t: ndarray, P: Parameters) -> dict[Symbol, ndarray]:
        """The value of every symbol at one step."""
        values = {X: x_t, S_OLD: s_t} | {w: P[w.name] for w in self.weights}
        for symbol, e in self.steps:
            values[symbol] = value(e, values)
        return values

    def check_parameters(self, P: Parameters, D: int, H: int) -> None:
        """ValueError unless P holds every parameter in its shape, and nothing else."""
        checks.kind("a dict of arrays", Mapping, P=P)
        sizes = self.parameters(D, H)
        if sorted(map(str, P)) != sorted(sizes):
            raise ValueError(f"P must hold {', '.join(sizes)}, got {', '.join(map(str, P))}")
        for name, size in sizes.items():
            check(f"{name} in P", P[name], *size)
