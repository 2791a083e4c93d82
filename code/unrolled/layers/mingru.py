"""The minGRU: a GRU whose gate and candidate do not look at the state.

    z = sigmoid(x[t] W_xz + b_z)
    n = x[t] W_xn + b_n
    h[t] = (1 - z) * n + z * h[t-1]

z keeps the old state, as in `gru`; Feng et al. (2024) write it the other way. All z and n are known
before the first step, so that the states are a scan with beta = (1 - z) n and gamma = z.
"""

from dataclasses import dataclass

import numpy as np
from numpy import ndarray
from numpy.typing import DTypeLike

from unrolled.layers import scan


@dataclass
class MinGRU:
    """The blocks z, n stand side by side. The gradient of the parameters has the same fields."""

    W_xh: ndarray  # (D, 2H)
    b_h: ndarray  # (2H,)

    @classmethod
    def init(cls, D: int, H: int, rng: np.random.Generator, dtype: DTypeLike = float) -> "MinGRU":
        """Gaussian weights, zero biases."""
        W_xh = rng.normal(size=(D, 2 * H)) / np.sqrt(D)
        return cls(W_xh.astype(dtype), np.zeros(2 * H, dtype))

    def forward(
        self, x: ndarray, h_0: ndarray, fill: scan.Fill = scan.tree
    ) -> tuple[ndarray, tuple]:
        """x (T, N, D), h_0 (N, H) -> states (T, N, H), and a tape (`eq-parallel-mingru`).

        Raises ValueError if x or h_0 has another shape.
        """
        D, H = len(self.W_xh), len(self.b_h) // 2
        if x.ndim != 3 or x.shape[2] != D:
            raise ValueError(f"x must be (T, N, {D}), got {x.shape}")
        if h_0.shape != (x.shape[1], H):
            raise ValueError(f"h_0 must be {(x.shape[1], H)}, got {h_0.shape}")
        a = x.reshape(-1, D) @ self.W_xh + self.b_h  # (T * N, 2H), every step at once
        a_z, n = (block.reshape(*x.shape[:2], H) for block in np.split(a, 2, axis=1))
        z = 0.5 + 0.5 * np.tanh(0.5 * a_z)
        h, tape = scan.forward((1 - z) * n, z, h_0, fill)
        return h, (x, z, n, tape)

    def backward(self, tape: tuple, dh: ndarray) -> tuple["MinGRU", ndarray, ndarray]:
        """dh (T, N, H) -> gradients, dx (T, N, D), dh_0 (N, H); ValueError for another dh."""
        x, z, n, scanned = tape
        dbeta, dgamma, dh_0 = scan.backward(scanned, dh)
        Delta_n = dbeta * (1 - z)
        Delta_z = (dgamma - dbeta * n) * z * (1 - z)  # z is gamma, and stands in beta
        rows = np.concatenate([Delta_z, Delta_n], axis=-1).reshape(-1, len(self.b_h))
        grads = MinGRU(x.reshape(len(rows), -1).T @ rows, rows.sum(axis=0))
        return grads, (rows @ self.W_xh.T).reshape(x.shape), dh_0
