"""The plain recurrent layer and its gradient by hand, with no more work than the products need.

    h[t] = tanh(x[t] W_xh + h[t-1] W_hh + b_h)

T steps, N sequences, D inputs, H hidden units; time is the first axis. Only h[t-1] W_hh has to
wait for the step before, so it alone stays in the loop: the inputs go through W_xh in one
product before it, each weight's gradient is one product after it, and nothing is allocated
inside (`out=` says where a result goes).
"""

from dataclasses import dataclass

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
    def init(cls, D: int, H: int, rng: np.random.Generator, dtype: DTypeLike = np.float64) -> "RNN":
        """Gaussian input weights, orthogonal recurrent weights, zero bias."""
        W_xh = rng.normal(size=(D, H)) / np.sqrt(D)
        W_hh, _ = np.linalg.qr(rng.normal(size=(H, H)))
        return cls(W_xh.astype(dtype), W_hh.astype(dtype), np.zeros(H, dtype))

    def forward(self, x: ndarray, h_0: ndarray) -> tuple[ndarray, tuple]:
        """Run the layer over a batch of sequences.

        Parameters
        ----------
        x : (T, N, D) inputs
        h_0 : (N, H) state before the first step

        Returns
        -------
        h : (T, N, H) states after each step; h[-1] is the next segment's h_0
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
        h = np.empty((T + 1, N, H), np.result_type(x, self.W_xh))  # h[t]: state before step t
        h[0] = h_0
        np.matmul(x.reshape(T * N, D), self.W_xh, out=h[1:].reshape(T * N, H))
        h[1:] += self.b_h
        recurrent = np.empty_like(h[0])  # (N, H)
        for t in range(T):
            np.matmul(h[t], self.W_hh, out=recurrent)
            h[t + 1] += recurrent
            np.tanh(h[t + 1], out=h[t + 1])
        return h[1:], (x, h)

    def backward(self, tape: tuple, dh: ndarray) -> tuple["RNN", ndarray, ndarray]:
        """Backpropagation through time (`eq-bptt-delta`, `eq-bptt-grad-weights`).

        Parameters
        ----------
        tape : from `forward`; it is left as it was
        dh : (T, N, H) the loss's gradient at each state, by that step's own loss alone

        Returns
        -------
        grads : an RNN, the gradient of each parameter
        dx : (T, N, D) gradient at the inputs
        dh_0 : (N, H) gradient at the initial state

        Raises
        ------
        ValueError : if dh has another shape than the states
        """
        x, h = tape
        if dh.shape != h[1:].shape:
            raise ValueError(f"dh must be {h[1:].shape}, got {dh.shape}")
        Delta = 1 - h[1:] ** 2  # tanh' at every step; the loop makes it ∂L/∂a
        dh_next = np.zeros_like(h[0])  # (N, H): nothing flows back from beyond the last step
        W_hhT = np.ascontiguousarray(self.W_hh.T)
        for t in reversed(range(len(dh))):
            dh_next += dh[t]
            Delta[t] *= dh_next
            np.matmul(Delta[t], W_hhT, out=dh_next)  # what step t sends back to t - 1
        D, H = self.W_xh.shape
        rows = Delta.reshape(-1, H)  # (T N, H): every step of every sequence is a row
        W_xh = x.reshape(-1, D).T @ rows
        W_hh = h[:-1].reshape(-1, H).T @ rows
        return RNN(W_xh, W_hh, rows.sum(axis=0)), Delta @ self.W_xh.T, dh_next
