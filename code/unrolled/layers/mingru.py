"""The minGRU: a GRU whose gate and candidate do not look at the state.

    z = sigmoid(x[t] W_xz + b_z)
    n = x[t] W_xn + b_n
    h[t] = (1 - z) * n + z * h[t-1]

z keeps the old state, as in `gru`; Feng et al. (2024) write it the other way. All z and n are known
before the first step, so that the states are a scan with beta = (1 - z) n and gamma = z.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy import ndarray
from numpy.typing import DTypeLike

from unrolled import checks
from unrolled.layers import scan
from unrolled.layers.layer_contract import check, check_init, check_tape, gradient_at, rows
from unrolled.layers.lstm import sigmoid


class MinGRUTape(NamedTuple):
    """What `MinGRU.backward` needs."""

    x: ndarray  # (T, N, D)
    z: ndarray  # (T, N, H)
    n: ndarray  # (T, N, H)
    scan: scan.Tape  # with all states


@dataclass
class MinGRU:
    """The blocks z, n stand side by side. The gradient of the parameters has the same fields."""

    W_xh: ndarray  # (D, 2H)
    b_h: ndarray  # (2H,)

    @classmethod
    def init(cls, D: int, H: int, rng: np.random.Generator, dtype: DTypeLike = float) -> "MinGRU":
        """Gaussian weights, zero biases."""
        check_init(rng, dtype, D=D, H=H)
        W_xh = rng.normal(size=(D, 2 * H)) / np.sqrt(D)
        return cls(W_xh.astype(dtype), np.zeros(2 * H, dtype))

    def zeros(self, N: int) -> ndarray:
        """The initial state (N, H) of sequences that begin with nothing."""
        checks.whole(N=N)
        return np.zeros((N, len(self.b_h) // 2), self.b_h.dtype)

    def forward(
        self, x: ndarray, h_0: ndarray, fill: scan.Fill = scan.tree
    ) -> tuple[ndarray, ndarray, MinGRUTape]:
        """x (T, N, D), h_0 (N, H) -> states (T, N, H), h_T (N, H), tape (`eq-parallel-mingru`).

        Raises ValueError if x or h_0 has another shape, or is not of floats.
        """
        checks.function(fill=fill)
        D, H = len(self.W_xh), len(self.b_h) // 2
        T, N, _ = check("x", x, "T", "N", D)
        check("h_0", h_0, N, H)
        a = (rows(x) @ self.W_xh + self.b_h).reshape(T, N, 2 * H)  # every step at once
        a_z, n = np.split(a, 2, axis=2)
        z = sigmoid(a_z)
        h, scanned = scan.forward((1 - z) * n, z, h_0, fill)
        return h, scanned.s[-1], MinGRUTape(x, z, n, scanned)

    def backward(
        self, tape: MinGRUTape, dh: ndarray, dlast_state: ndarray | None = None
    ) -> tuple["MinGRU", ndarray, ndarray]:
        """dh (T, N, H), dlast_state (N, H) -> gradients, dx (T, N, D), dh_0 (N, H).

        Raises ValueError if dh or dlast_state has another shape, or is not of floats.
        """
        check_tape(tape, MinGRUTape)
        x, z, n, scanned = tape
        dh = gradient_at("dh", dh, n)
        dbeta, dgamma, dh_0 = scan.backward(scanned, dh, dlast_state)
        Delta_z = (dgamma - dbeta * n) * z * (1 - z)  # z is gamma, and stands in beta
        Delta_n = dbeta * (1 - z)
        Delta = rows(np.concatenate([Delta_z, Delta_n], axis=2))  # (T N, 2H)
        grads = MinGRU(rows(x).T @ Delta, Delta.sum(axis=0))
        return grads, (Delta @ self.W_xh.T).reshape(x.shape), dh_0
