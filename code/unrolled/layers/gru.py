"""The GRU layer in both of its forms, and their gradients by hand.

    r, z = sigmoid of their own x[t] W_xh + h[t-1] W_hh + b_h
    n = tanh(x[t] W_xn + b_n + r * (h[t-1] W_hn + b_hn))        `GRU`, torch's form: reset after
    n = tanh(x[t] W_xn + b_n + (r * h[t-1]) W_hn)               `PublishedGRU`: reset before
    h[t] = (1 - z) * n + z * h[t-1]

The three blocks r, z, n stand side by side in W_xh, W_hh and b_h, as in torch. In the first form
one product with h serves all three; in the second, n's has to wait for r.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy import ndarray
from numpy.typing import DTypeLike

from unrolled import checks
from unrolled.layers.layer_contract import (
    check,
    check_init,
    check_tape,
    from_beyond,
    gradient_at,
    rows,
)
from unrolled.layers.lstm import sigmoid


class GRUTape(NamedTuple):
    """What `GRU.backward` needs."""

    x: ndarray  # (T, N, D)
    h: ndarray  # (T + 1, N, H); h[t] is the state before x[t], h[t + 1] the state after it
    r: ndarray  # (T, N, H), like z, n and q: at the step that reads x[t]
    z: ndarray
    n: ndarray
    q: ndarray  # what n hears of h, before the reset


@dataclass
class GRU:
    """Reset after the product. The gradient of the parameters has the same fields."""

    W_xh: ndarray  # (D, 3H)
    W_hh: ndarray  # (H, 3H)
    b_h: ndarray  # (3H,)
    b_hn: ndarray  # (H,) inside the reset: n's bias for what comes from h

    @classmethod
    def init(cls, D: int, H: int, rng: np.random.Generator, dtype: DTypeLike = float) -> "GRU":
        """Gaussian input weights, orthogonal recurrent weights for each block, zero biases."""
        return cls(*initial_weights(D, H, rng, dtype), np.zeros(H, dtype))

    def zeros(self, N: int) -> ndarray:
        """The initial state (N, H) of sequences that begin with nothing."""
        checks.whole(N=N)
        return np.zeros((N, len(self.W_hh)), self.W_hh.dtype)

    def forward(self, x: ndarray, h_0: ndarray) -> tuple[ndarray, ndarray, GRUTape]:
        """Run N sequences through T steps.

        Parameters
        ----------
        x : (T, N, D) inputs
        h_0 : (N, H) state before the first step

        Returns
        -------
        h : (T, N, H) state after each step
        h_T : (N, H) state after the last step, the next segment's h_0
        tape : what `backward` needs

        Raises
        ------
        ValueError : if x or h_0 has another shape, or is not of floats
        """
        D, H = len(self.W_xh), len(self.W_hh)
        T, N, _ = check("x", x, "T", "N", D)
        check("h_0", h_0, N, H)
        a = (rows(x) @ self.W_xh).reshape(T, N, 3 * H)
        a += self.b_h  # all that does not wait for h
        a_r, a_z, a_n = np.split(a, 3, axis=2)
        h = np.empty((T + 1, N, H), a.dtype)
        r, z, n, q = (np.empty((T, N, H), a.dtype) for _ in range(4))
        h[0] = h_0
        for t in range(T):  # h[t] is the state before this step, h[t + 1] the state after it
            h_r, h_z, h_n = np.split(h[t] @ self.W_hh, 3, axis=1)
            r[t], z[t] = sigmoid(a_r[t] + h_r), sigmoid(a_z[t] + h_z)
            q[t] = h_n + self.b_hn
            n[t] = np.tanh(a_n[t] + r[t] * q[t])
            h[t + 1] = (1 - z[t]) * n[t] + z[t] * h[t]
        return h[1:], h[-1], GRUTape(x, h, r, z, n, q)

    def backward(
        self, tape: GRUTape, dh: ndarray, dlast_state: ndarray | None = None
    ) -> tuple["GRU", ndarray, ndarray]:
        """Backpropagation through time (`eq-gru-delta`, `eq-gru-grad-weights`).

        Parameters
        ----------
        tape : from `forward`; it stays as it was
        dh : (T, N, H) ∂ℓ_t/∂h_t, the gradient of each step's own loss at its state
        dlast_state : (N, H) what comes back to h_T from beyond the last step; None for nothing

        Returns
        -------
        grads : the gradient of each parameter
        dx : (T, N, D) gradient at the inputs
        dh_0 : (N, H) gradient at the initial state

        Raises
        ------
        ValueError : if dh or dlast_state has not the states' shape, or is not of floats
        """
        check_tape(tape, GRUTape)
        x, h, r, z, n, q = tape
        dh = gradient_at("dh", dh, h[1:])
        from_next = from_beyond("dlast_state", dlast_state, h[-1])
        T, N, H = dh.shape
        Delta_x, Delta_h = (np.empty((T, N, 3 * H), h.dtype) for _ in range(2))
        Delta_r, Delta_z, Delta_n = np.split(Delta_x, 3, axis=2)  # parts of Delta_x, no copies
        for t in reversed(range(T)):
            dh_t = dh[t] + from_next
            Delta_n[t] = dh_t * (1 - z[t]) * (1 - n[t] ** 2)
            Delta_z[t] = dh_t * (h[t] - n[t]) * z[t] * (1 - z[t])
            Delta_r[t] = Delta_n[t] * q[t] * r[t] * (1 - r[t])
            Delta_h[t] = np.hstack([Delta_r[t], Delta_z[t], r[t] * Delta_n[t]])
            from_next = z[t] * dh_t + Delta_h[t] @ self.W_hh.T  # what goes back to h[t]
        grads = GRU(
            rows(x).T @ rows(Delta_x),
            rows(h[:-1]).T @ rows(Delta_h),
            rows(Delta_x).sum(axis=0),
            rows(Delta_h)[:, 2 * H :].sum(axis=0),
        )
        dx = (rows(Delta_x) @ self.W_xh.T).reshape(x.shape)
        return grads, dx, from_next


class PublishedGRUTape(NamedTuple):
    """What `PublishedGRU.backward` needs."""

    x: ndarray  # (T, N, D)
    h: ndarray  # (T + 1, N, H), counted as in `GRUTape`
    r: ndarray  # (T, N, H), like z and n
    z: ndarray
    n: ndarray


@dataclass
class PublishedGRU:
    """Reset before the product, as Cho et al. (2014) print it. Two products wait at each step."""

    W_xh: ndarray  # (D, 3H)
    W_hh: ndarray  # (H, 3H)
    b_h: ndarray  # (3H,)

    @classmethod
    def init(
        cls, D: int, H: int, rng: np.random.Generator, dtype: DTypeLike = float
    ) -> "PublishedGRU":
        """As `GRU.init`: the same rng gives the same weights."""
        return cls(*initial_weights(D, H, rng, dtype))

    def zeros(self, N: int) -> ndarray:
        """As `GRU.zeros`."""
        checks.whole(N=N)
        return np.zeros((N, len(self.W_hh)), self.W_hh.dtype)

    def forward(self, x: ndarray, h_0: ndarray) -> tuple[ndarray, ndarray, PublishedGRUTape]:
        """As `GRU.forward`."""
        D, H = len(self.W_xh), len(self.W_hh)
        T, N, _ = check("x", x, "T", "N", D)
        check("h_0", h_0, N, H)
        a = (rows(x) @ self.W_xh).reshape(T, N, 3 * H)
        a += self.b_h
        a_r, a_z, a_n = np.split(a, 3, axis=2)
        W_hr, W_hz, W_hn = np.split(self.W_hh, 3, axis=1)
        h = np.empty((T + 1, N, H), a.dtype)
        r, z, n = (np.empty((T, N, H), a.dtype) for _ in range(3))
        h[0] = h_0
        for t in range(T):
            r[t], z[t] = sigmoid(a_r[t] + h[t] @ W_hr), sigmoid(a_z[t] + h[t] @ W_hz)
            n[t] = np.tanh(a_n[t] + (r[t] * h[t]) @ W_hn)
            h[t + 1] = (1 - z[t]) * n[t] + z[t] * h[t]
        return h[1:], h[-1], PublishedGRUTape(x, h, r, z, n)

    def backward(
        self, tape: PublishedGRUTape, dh: ndarray, dlast_state: ndarray | None = None
    ) -> tuple["PublishedGRU", ndarray, ndarray]:
        """As `GRU.backward` (`eq-gru-published-delta`)."""
        check_tape(tape, PublishedGRUTape)
        x, h, r, z, n = tape
        dh = gradient_at("dh", dh, h[1:])
        from_next = from_beyond("dlast_state", dlast_state, h[-1])
        H = len(self.W_hh)
        W_hr, W_hz, W_hn = np.split(self.W_hh, 3, axis=1)
        Delta = np.empty((*dh.shape[:2], 3 * H), h.dtype)
        for t in reversed(range(len(x))):
            dh_t = dh[t] + from_next
            Delta_n = dh_t * (1 - z[t]) * (1 - n[t] ** 2)
            Delta_z = dh_t * (h[t] - n[t]) * z[t] * (1 - z[t])
            Delta_s = Delta_n @ W_hn.T  # at s = r h[t]
            Delta_r = Delta_s * h[t] * r[t] * (1 - r[t])
            Delta[t] = np.hstack([Delta_r, Delta_z, Delta_n])
            from_next = z[t] * dh_t + Delta_r @ W_hr.T + Delta_z @ W_hz.T + r[t] * Delta_s
        to_gates, to_n = np.split(rows(Delta), [2 * H], axis=1)
        W_hh = np.hstack([rows(h[:-1]).T @ to_gates, rows(r * h[:-1]).T @ to_n])
        grads = PublishedGRU(rows(x).T @ rows(Delta), W_hh, rows(Delta).sum(axis=0))
        return grads, (rows(Delta) @ self.W_xh.T).reshape(x.shape), from_next


def initial_weights(
    D: int, H: int, rng: np.random.Generator, dtype: DTypeLike
) -> tuple[ndarray, ndarray, ndarray]:
    """W_xh, W_hh and b_h for `init`."""
    check_init(rng, dtype, D=D, H=H)
    W_xh = rng.normal(size=(D, 3 * H)) / np.sqrt(D)
    W_hh = np.hstack([np.linalg.qr(rng.normal(size=(H, H)))[0] for _ in range(3)])
    return W_xh.astype(dtype), W_hh.astype(dtype), np.zeros(3 * H, dtype)
