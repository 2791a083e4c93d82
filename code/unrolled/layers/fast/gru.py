"""The fast GRU layer, in torch's form."""

from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from unrolled.layers import gru
from unrolled.layers.fast.products import (
    all_steps,
    below_each_other,
    chunks_backward,
    product,
)
from unrolled.layers.layer_contract import check, check_tape, from_beyond, gradient_at


class FastGRUTape(NamedTuple):
    """What `GRU.backward` needs."""

    s: ndarray  # (T + 1, H + D + 1, N): h[t] before the step, x[t], 1
    gates: ndarray  # (T, 3H, N): r, z, n
    q: ndarray  # (T, H, N): what n hears of h, before the reset


class GRU(gru.GRU):
    """`unrolled.layers.GRU`, laid out for speed."""

    def forward(self, x: ndarray, h_0: ndarray) -> tuple[ndarray, ndarray, Any]:
        """As `unrolled.layers.GRU.forward`, with a `FastGRUTape`."""
        D, H = len(self.W_xh), len(self.W_hh)
        T, N, _ = check("x", x, "T", "N", D)
        check("h_0", h_0, N, H)
        s = below_each_other(x, h_0, np.result_type(x, self.W_xh))
        h, q = s[:, :H], np.empty((T, H, N), s.dtype)
        # sigmoid(a) = (1 + tanh(a/2)) / 2: r and z at half scale, so that tanh serves them too
        half = np.repeat(np.array([0.5, 0.5, 1], s.dtype), H)
        W_x = (np.concatenate([self.W_xh, self.b_h[None]]) * half).T
        gates = np.matmul(W_x.astype(s.dtype, order="C"), s[:T, H:])  # what does not wait for h
        W_times = product((self.W_hh * half).T, N, s.dtype)
        b_hn, from_h = self.b_hn[:, None], np.empty((3 * H, N), s.dtype)
        for t in range(T):
            W_times(h[t], out=from_h)
            np.add(from_h[2 * H :], b_hn, out=q[t])
            step(gates[t], from_h, q[t], h[t], h[t + 1])
        h = h.transpose(0, 2, 1)
        return h[1:], h[-1], FastGRUTape(s, gates, q)

    def backward(
        self, tape: Any, dh: ndarray, dlast_state: ndarray | None = None
    ) -> tuple["GRU", ndarray, ndarray]:
        """As `unrolled.layers.GRU.backward`, from a `FastGRUTape`."""
        check_tape(tape, FastGRUTape)
        s, gates, q = tape
        T, H, N = q.shape
        h = s[:, :H]  # (T + 1, H, N)
        dh = gradient_at("dh", dh, h[1:].transpose(0, 2, 1))
        dh_t = from_beyond("dlast_state", dlast_state, h[-1].T).T.copy()  # (H, N)
        # four blocks q, r, z, n: the first three go back to h, the last three to x
        Delta, from_next = np.empty((4, H, T, N), s.dtype), np.empty_like(dh_t)
        W_times = product(np.roll(self.W_hh, H, axis=1), N, s.dtype)  # blocks n, r, z
        for now in chunks_backward(gates):
            factors = slopes(gates[now], h[now], q[now])
            for t, slope in zip(reversed(range(T)[now]), factors[::-1], strict=True):
                dh_t += dh[t].T
                slope *= dh_t  # becomes ∂L/∂a
                W_times(slope[:3].reshape(3 * H, N), out=from_next)
                dh_t *= gates[t, H : 2 * H]  # z
                dh_t += from_next
            Delta[:, :, now] = factors.transpose(1, 2, 0, 3)
        rows, s = Delta.reshape(4 * H, T * N).T, all_steps(s[:T])
        to_h, to_x = rows[:, : 3 * H], rows[:, H:]
        W_hh, W_x = np.roll(s[:H] @ to_h, -H, axis=1), s[H:] @ to_x
        grads = GRU(W_x[:-1], W_hh, W_x[-1], s[-1] @ rows[:, :H])
        return grads, (to_x @ self.W_xh.T).reshape(T, N, len(self.W_xh)), dh_t.T


def step(a: ndarray, from_h: ndarray, q: ndarray, h_before: ndarray, h: ndarray) -> None:
    """From a and from_h (3H, N), which come from x and h, and q: h. a becomes the gates."""
    H = len(h)
    r_z, r, z, n = a[: 2 * H], a[:H], a[H : 2 * H], a[2 * H :]
    r_z += from_h[: 2 * H]
    np.tanh(r_z, out=r_z)
    r_z *= 0.5
    r_z += 0.5
    np.multiply(r, q, out=h)  # h lends its place
    n += h
    np.tanh(n, out=n)
    np.subtract(h_before, n, out=h)
    h *= z
    h += n  # n + z (h - n)


def slopes(gates: ndarray, h: ndarray, q: ndarray) -> ndarray:
    """What ∂L/∂h is multiplied by to become that at q and at the pre-activations of r, z and n.

    (steps, 4, H, N); h is the state before each step.
    """
    steps, H, N = q.shape
    gates = gates.reshape(steps, 3, H, N)
    r, z, n = (gates[:, k] for k in range(3))
    out = np.empty((steps, 4, H, N), gates.dtype)
    to_q, to_r, to_z, to_n = (out[:, k] for k in range(4))
    np.subtract(1, gates[:, :2], out=out[:, 1:3])  # 1 - r and 1 - z
    np.square(n, out=to_n)
    np.subtract(1, to_n, out=to_n)
    to_n *= to_z  # (1 - n²) (1 - z)
    np.multiply(to_n, r, out=to_q)  # times r
    to_r *= to_q
    to_r *= q  # times q r (1 - r)
    to_z *= z
    to_z *= h - n  # (h - n) z (1 - z)
    return out
