"""The GRU layer in both of its forms, and their gradients by hand.

    r, z = sigmoid of their own x[t] W_xh + h[t-1] W_hh + b_h
    n = tanh(x[t] W_xn + b_n + r * (h[t-1] W_hn + b_hn))        `GRU`, torch's form: reset after
    n = tanh(x[t] W_xn + b_n + (r * h[t-1]) W_hn)               `PublishedGRU`: reset before
    h[t] = (1 - z) * n + z * h[t-1]

The three blocks r, z, n stand side by side in W_xh, W_hh and b_h, as in torch. In the first form
one product serves all three, so it is the fast one, and laid out for speed as `lstm` is: features
first, then steps, then sequences. What comes in and goes out is (T, N, features).
"""

from dataclasses import dataclass

import numpy as np
from numpy import ndarray
from numpy.typing import DTypeLike

from unrolled.layers.lstm import back


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
        T, N, H = check_shapes(self, x, h_0)
        h = np.empty((H, T + 1, N), np.result_type(x, self.W_xh))  # h[:, t]: before step t
        h[:, 0] = h_0.T
        gates, q = np.empty((T, 3 * H, N), h.dtype), np.empty((T, H, N), h.dtype)
        # sigmoid(a) = (1 + tanh(a/2)) / 2: with r and z at half scale, tanh serves all three
        half = np.repeat(np.array([0.5, 0.5, 1], h.dtype), H)[:, None]  # (3H, 1)
        W_hh = np.ascontiguousarray(half * self.W_hh.T)
        b_h, b_hn = half * self.b_h[:, None], self.b_hn[:, None]
        from_x = (half * self.W_xh.T) @ x.reshape(T * N, -1).T
        from_x = from_x.reshape(3 * H, T, N)
        h_t, from_h = h[:, 0].copy(), np.empty_like(gates[0])
        for t, a in enumerate(gates):
            np.dot(W_hh, h_t, out=from_h)
            np.add(from_x[:, t], b_h, out=a)
            r_z, n = a[: 2 * H], a[2 * H :]
            r_z += from_h[: 2 * H]
            np.tanh(r_z, out=r_z)
            r_z *= 0.5
            r_z += 0.5
            r, z = r_z.reshape(2, H, N)
            np.add(from_h[2 * H :], b_hn, out=q[t])  # what n hears of h, before the reset
            np.multiply(r, q[t], out=from_h[:H])
            n += from_h[:H]
            np.tanh(n, out=n)
            h_t -= n
            h_t *= z
            h_t += n  # n + z (h - n)
            h[:, t + 1] = h_t
        return h[:, 1:].transpose(1, 2, 0), (x, h, q, gates)

    def backward(self, tape: tuple, dh: ndarray) -> tuple["GRU", ndarray, ndarray]:
        """Backpropagation through time (`eq-gru-delta`, `eq-gru-grad-weights`).

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
        x, h, q, gates = tape
        T, H, N = q.shape
        if dh.shape != (T, N, H):
            raise ValueError(f"dh must be {(T, N, H)}, got {dh.shape}")
        # four blocks q, r, z, n: the first three go back to h[t-1], the last three to x[t]
        Delta, Delta_t = np.empty((4 * H, T, N), h.dtype), np.empty((4 * H, N), h.dtype)
        Delta_q, Delta_r, Delta_z, Delta_n = Delta_t.reshape(4, H, N)
        W_hh = np.roll(self.W_hh, H, axis=1)  # its blocks as n, r, z
        dh_t, part, back_through_W = (np.zeros_like(q[0]) for _ in range(3))
        for t in reversed(range(T)):
            r, z, n = gates[t].reshape(3, H, N)
            dh_t += dh[t].T
            np.subtract(h[:, t], n, out=part)
            part *= z
            back(dh_t, part, part, z, out=Delta_z)  # dh (h - n) z (1 - z)
            back(dh_t, 1, 1, z, out=part)  # dh (1 - z)
            back(part, 1, n, n, out=Delta_n)  # times 1 - n²
            np.multiply(q[t], r, out=part)
            back(Delta_n, part, part, r, out=Delta_r)  # Delta_n q r (1 - r)
            np.multiply(Delta_n, r, out=Delta_q)
            dh_t *= z
            np.dot(W_hh, Delta_t[: 3 * H], out=back_through_W)
            dh_t += back_through_W
            Delta[:, t] = Delta_t
        rows = Delta.reshape(4 * H, T * N).T
        to_h, to_x = rows[:, : 3 * H], rows[:, H:]
        W_hh = np.roll(h[:, :-1].reshape(H, T * N) @ to_h, -H, axis=1)
        b = rows.T @ np.ones(T * N, h.dtype)  # the bias's input is 1 in every row
        grads = GRU(x.reshape(T * N, -1).T @ to_x, W_hh, b[H:], b[:H])
        return grads, (to_x @ self.W_xh.T).reshape(x.shape), dh_t.T


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

    def forward(self, x: ndarray, h_0: ndarray) -> tuple[ndarray, tuple]:
        """As `GRU.forward`."""
        T, _, H = check_shapes(self, x, h_0)
        a = x @ self.W_xh + self.b_h  # (T, N, 3H); the loop makes it the gates
        h = np.concatenate([h_0[None], np.empty_like(a[..., :H])])  # h[t]: before step t
        W_rz, W_n = np.split(self.W_hh, [2 * H], axis=1)
        for t in range(T):
            r_z, n = a[t, :, : 2 * H], a[t, :, 2 * H :]
            r_z += h[t] @ W_rz
            r_z[:] = 0.5 + 0.5 * np.tanh(0.5 * r_z)  # sigmoid
            r, z = r_z[:, :H], r_z[:, H:]
            n += (r * h[t]) @ W_n
            np.tanh(n, out=n)
            h[t + 1] = n + z * (h[t] - n)
        return h[1:], (x, h, a)

    def backward(self, tape: tuple, dh: ndarray) -> tuple["PublishedGRU", ndarray, ndarray]:
        """As `GRU.backward` (`eq-gru-published-delta`)."""
        x, h, gates = tape
        T, N, H = dh.shape
        if dh.shape != h[1:].shape:
            raise ValueError(f"dh must be {h[1:].shape}, got {dh.shape}")
        W_rz, W_n = np.split(self.W_hh, [2 * H], axis=1)
        Delta, dh_t = np.empty_like(gates), np.zeros_like(h[0])
        for t in reversed(range(T)):
            r, z, n = np.split(gates[t], 3, axis=1)
            dh_t += dh[t]
            Delta_n = dh_t * (1 - z) * (1 - n * n)
            reset = Delta_n @ W_n.T  # ∂L/∂(r h[t-1])
            Delta_z, Delta_r = dh_t * (h[t] - n) * z * (1 - z), reset * h[t] * r * (1 - r)
            Delta[t] = np.hstack([Delta_r, Delta_z, Delta_n])
            dh_t = dh_t * z + reset * r + Delta[t, :, : 2 * H] @ W_rz.T
        x_rows, h_rows, reset_rows, rows = (
            a.reshape(T * N, -1) for a in (x, h[:-1], gates[..., :H] * h[:-1], Delta)
        )
        W_hh = np.hstack([h_rows.T @ rows[:, : 2 * H], reset_rows.T @ rows[:, 2 * H :]])
        grads = PublishedGRU(x_rows.T @ rows, W_hh, rows.sum(axis=0))
        return grads, (rows @ self.W_xh.T).reshape(x.shape), dh_t


def initial_weights(
    D: int, H: int, rng: np.random.Generator, dtype: DTypeLike
) -> tuple[ndarray, ndarray, ndarray]:
    """W_xh, W_hh and b_h for `init`."""
    W_xh = rng.normal(size=(D, 3 * H)) / np.sqrt(D)
    W_hh = np.hstack([np.linalg.qr(rng.normal(size=(H, H)))[0] for _ in range(3)])
    return W_xh.astype(dtype), W_hh.astype(dtype), np.zeros(3 * H, dtype)


def check_shapes(layer: GRU | PublishedGRU, x: ndarray, h_0: ndarray) -> tuple[int, int, int]:
    """T, N and H, if x and h_0 fit the layer and each other; else ValueError."""
    D, H = len(layer.W_xh), len(layer.W_hh)
    if x.ndim != 3 or x.shape[2] != D:
        raise ValueError(f"x must be (T, N, {D}), got {x.shape}")
    T, N, _ = x.shape
    if h_0.shape != (N, H):
        raise ValueError(f"h_0 must be ({N}, {H}), got {h_0.shape}")
    return T, N, H
