"""The plain recurrent layer, and its gradient by hand.

    h[t] = tanh(x[t] W_xh + h[t-1] W_hh + b_h)

T steps, N sequences, D inputs, H hidden units; time is the first axis. Only h[t-1] W_hh has to
wait for the step before, so only that product is left in the loop: all inputs go through W_xh in
one product before it, each weight's gradient is one product after it, and inside it nothing is
allocated (`out=` names the array that takes a result).
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy import ndarray
from numpy.typing import DTypeLike


@dataclass
class RNN:
    """The layer's parameters. Their gradient has the same fields: it is an RNN too."""

    W_xh: ndarray  # (D, H)
    W_hh: ndarray  # (H, H)
    b_h: ndarray  # (H,)

    @classmethod
    def init(cls, D: int, H: int, rng: np.random.Generator, dtype: DTypeLike = float) -> "RNN":
        """Gaussian input weights, orthogonal recurrent weights, zero bias."""
        W_xh = rng.normal(size=(D, H)) / np.sqrt(D)
        W_hh, _ = np.linalg.qr(rng.normal(size=(H, H)))
        return cls(W_xh.astype(dtype), W_hh.astype(dtype), np.zeros(H, dtype))

    def forward(self, x: ndarray, h_0: ndarray) -> tuple[ndarray, tuple]:
        """Run N sequences through T steps.

        Parameters
        ----------
        x : (T, N, D) inputs
        h_0 : (N, H) state before the first step

        Returns
        -------
        h : (T, N, H) state after each step; the last is the next segment's h_0
        tape : what `backward` needs

        Raises
        ------
        ValueError : if x or h_0 has another shape
        """
        D, H = self.W_xh.shape
        if x.ndim != 3 or x.shape[2] != D:
            raise ValueError(f"x must be (T, N, {D}), got {x.shape}")
        T, N, _ = x.shape
        if h_0.shape != (N, H):
            raise ValueError(f"h_0 must be ({N}, {H}), got {h_0.shape}")
        h = np.empty((T + 1, N, H), np.result_type(x, self.W_xh))  # h[t]: the state before step t
        h[0] = h_0
        rows = h[1:].reshape(T * N, H)  # the same memory, one row per step and sequence
        np.dot(x.reshape(T * N, D), self.W_xh, out=rows)
        rows += self.b_h
        W_hh = in_fast_order(self.W_hh, T, N)  # the same numbers, laid out for BLAS
        a = np.empty_like(h[0])  # (N, H)
        for h_before, h_t in pairwise(h):
            np.dot(h_before, W_hh, out=a)
            a += h_t  # its place has held x_t W_xh + b_h so far
            np.tanh(a, out=h_t)
        return h[1:], (x, h)

    def backward(self, tape: tuple, dh: ndarray) -> tuple["RNN", ndarray, ndarray]:
        """Backpropagation through time (`eq-bptt-delta`, `eq-bptt-grad-weights`).

        Parameters
        ----------
        tape : from `forward`; it stays as it was
        dh : (T, N, H) ∂ℓ_t/∂h_t, the gradient of each step's own loss at its state

        Returns
        -------
        grads : the gradient of each parameter
        dx : (T, N, D) gradient at the inputs
        dh_0 : (N, H) gradient at the initial state

        Raises
        ------
        ValueError : if dh has not the states' shape
        """
        x, h = tape
        if dh.shape != h[1:].shape:
            raise ValueError(f"dh must be {h[1:].shape}, got {dh.shape}")
        Delta = np.square(h[1:])
        np.subtract(1, Delta, out=Delta)  # (T, N, H) tanh' at every step; the loop makes it ∂L/∂a
        W_hhT = in_fast_order(self.W_hh.T, *dh.shape[:2])
        dh_next = np.zeros_like(h[0])  # (N, H): nothing flows back from beyond the last step
        for Delta_t, dh_t in zip(Delta[::-1], dh[::-1], strict=True):
            dh_next += dh_t
            Delta_t *= dh_next
            np.dot(Delta_t, W_hhT, out=dh_next)  # what step t sends back to t - 1
        x_rows, h_rows, rows = (a.reshape(-1, a.shape[2]) for a in (x, h[:-1], Delta))
        b_h = np.ones(len(rows), rows.dtype) @ rows  # the bias's input is 1 in every row
        grads = RNN(x_rows.T @ rows, h_rows.T @ rows, b_h)
        return grads, (rows @ self.W_xh.T).reshape(x.shape), dh_next


def in_fast_order(W: ndarray, T: int, N: int) -> ndarray:
    """W (H, K), copied if need be, in the memory order that suits T products of N rows with it.

    OpenBLAS, which NumPy usually brings, takes W as it is in products below 100³, and is fastest
    when W lies row by row; above, it repacks W each time, and column by column is faster.
    """
    columns = N * W.size > 100**3 and T > 8  # else the copy costs more than it saves
    return np.asarray(W, order="F" if columns else "C")
