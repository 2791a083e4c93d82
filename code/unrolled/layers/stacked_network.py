"""A stack of recurrent layers with a linear readout, and its training, in NumPy.

    u[t] = h[t] W_hy + b_y,    h the states of the stack's highest layer

The layers may be of any kind, in one direction or in both. For torch's models there is
`unrolled.models.train`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray
from numpy.typing import DTypeLike

from unrolled import checks
from unrolled.layers.layer_contract import check, check_init, check_parts, check_tape
from unrolled.layers.loss import cross_entropy
from unrolled.layers.optimize import Adam, clip_norm
from unrolled.layers.stack import Stack

FASTEST = 1000  # learning rate: with any as large nothing is learnt


class StackedTape(NamedTuple):
    """What `StackedNetwork.backward` needs."""

    h: ndarray  # (T, N, H) the highest states
    below: list[Any]  # the stack's own tape


@dataclass
class StackedNetwork:
    """A stack and its readout. Their gradient has the same fields: it is one, too."""

    stack: Stack
    W_hy: ndarray  # (H, V), H features of the highest layer
    b_y: ndarray  # (V,)

    @classmethod
    def init(
        cls, stack: Stack, H: int, V: int, rng: np.random.Generator, dtype: DTypeLike = float
    ) -> "StackedNetwork":
        """A stack whose highest states have H features, with a fresh readout of V logits."""
        _check_stack(stack)
        check_init(rng, dtype, H=H, V=V)
        W_hy = rng.normal(size=(H, V)) / np.sqrt(H)
        return cls(stack, W_hy.astype(dtype), np.zeros(V, dtype))

    def forward(self, x: ndarray, lengths: ndarray | None = None) -> tuple[ndarray, StackedTape]:
        """x (T, N, D) -> logits u (T, N, V) and the tape; every sequence starts from zero."""
        check("x", x, "T", "N", "D")
        h, _, below = self.stack.forward(x, self.stack.zeros(x.shape[1]), lengths)
        return h @ self.W_hy + self.b_y, StackedTape(h, below)

    def backward(self, tape: StackedTape, du: ndarray) -> "StackedNetwork":
        """The gradient of the parameters, from the gradient du (T, N, V) at the logits."""
        check_tape(tape, StackedTape)
        h, below = tape
        check("du", du, *h.shape[:2], len(self.b_y))
        stack, _, _ = self.stack.backward(below, du @ self.W_hy.T)
        h_rows, du_rows = h.reshape(-1, h.shape[2]), du.reshape(-1, du.shape[2])
        return StackedNetwork(stack, h_rows.T @ du_rows, du_rows.sum(axis=0))

    def fit(
        self, batches: Sequence[tuple], learning_rate: float, decay: bool = False
    ) -> list[float]:
        """One step of Adam for each batch, in place, with gradients clipped to norm 1; the losses.

        Parameters
        ----------
        batches : tuples (x, y, mask, lengths): inputs (T, N, D), classes (T, N), which of them
            count (None for all), and the sequences' lengths (None for all T)
        decay : over the second half, let the learning rate fall in a straight line to 0

        Raises
        ------
        ValueError : if an argument is not of its kind, or the parts of a batch do not fit
        """
        checks.number(0, FASTEST, learning_rate=learning_rate)
        checks.kind("true or false", bool, decay=decay)
        adam, losses = Adam(learning_rate), []
        for i, batch in enumerate(batches := checks.items("batches", batches)):
            check_parts("each of batches", batch, "x, y, mask and lengths", 4)
            x, y, mask, lengths = batch
            try:
                u, tape = self.forward(x, lengths)
                loss, du = cross_entropy(u, y, mask)
            except ValueError as error:
                raise ValueError(f"in number {i} of batches, {error}") from error
            grads = self.backward(tape, du)
            clip_norm(grads, 1.0)
            if decay:
                adam.learning_rate = learning_rate * min(1, 2 - 2 * i / len(batches))
            adam.step(self, grads)
            losses.append(loss)
        return losses


def _check_stack(stack: Stack) -> None:
    if not isinstance(stack, Stack):
        raise ValueError(f"stack must be a Stack, got {checks.came(stack)}")
