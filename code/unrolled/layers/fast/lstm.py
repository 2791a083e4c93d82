"""The fast LSTM layer."""

from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from unrolled.layers import lstm
from unrolled.layers.fast.products import (
    all_steps,
    below_each_other,
    chunks_backward,
    product,
)
from unrolled.layers.layer_contract import check, check_parts, check_tape, gradient_at
from unrolled.layers.lstm import Pair, pair_from_beyond


class FastLSTMTape(NamedTuple):
    """What `LSTM.backward` needs."""

    s: ndarray  # (T + 1, H + D + 1, N): h[t] before the step, x[t], 1
    c: ndarray  # (T + 1, H, N), counted as h is
    tanh_c: ndarray  # (T, H, N) of the cell after the step
    gates: ndarray  # (T, 4H, N): i, f, g, o


class LSTM(lstm.LSTM):
    """`unrolled.layers.LSTM`, laid out for speed."""

    def forward(self, x: ndarray, state: Pair) -> tuple[ndarray, Pair, Any]:
        """As `unrolled.layers.LSTM.forward`, with a `FastLSTMTape`."""
        D, H = len(self.W_xh), len(self.W_hh)
        T, N, _ = check("x", x, "T", "N", D)
        check_parts("state", state, "a pair (h_0, c_0)", 2)
        for name, part in zip(("h_0", "c_0"), state, strict=True):
            check(f"{name} in state", part, N, H)
        s = below_each_other(x, state[0], np.result_type(x, self.W_xh))
        c, gates = np.empty((T + 1, H, N), s.dtype), np.empty((T, 4 * H, N), s.dtype)
        h, tanh_c = s[:, :H], np.empty_like(c[1:])
        c[0] = state[1].T
        W = np.concatenate([self.W_hh, self.W_xh, self.b_h[None]])
        # sigmoid(a) = (1 + tanh(a/2)) / 2: with i, f, o at half scale, one tanh serves all four
        W = (W * np.repeat(np.array([0.5, 0.5, 1, 0.5], s.dtype), H)).T
        W_times, part = product(W, N, s.dtype), np.empty((H, N), s.dtype)
        for t in range(T):
            W_times(s[t], out=gates[t])
            step(gates[t], c[t], c[t + 1], tanh_c[t], h[t + 1], part)
        h = h.transpose(0, 2, 1)
        return h[1:], (h[-1], c[-1].T), FastLSTMTape(s, c, tanh_c, gates)

    def backward(
        self, tape: Any, dh: ndarray, dlast_state: Pair | None = None
    ) -> tuple["LSTM", ndarray, Pair]:
        """As `unrolled.layers.LSTM.backward`, from a `FastLSTMTape`."""
        check_tape(tape, FastLSTMTape)
        s, c, tanh_c, gates = tape
        T, H, N = tanh_c.shape
        h = s[:, :H].transpose(0, 2, 1)
        dh = gradient_at("dh", dh, h[1:])
        dh_t, dc = (a.T.copy() for a in pair_from_beyond(dlast_state, h[-1], c[-1].T))  # (H, N)
        Delta, part = np.empty((4, H, T, N), s.dtype), np.empty_like(dc)
        W_times = product(self.W_hh, N, s.dtype)
        for now in chunks_backward(gates):
            factors = slopes(gates[now], c[now], tanh_c[now])
            for t, slope in zip(reversed(range(T)[now]), factors[::-1], strict=True):
                dh_t += dh[t].T
                np.multiply(dh_t, slope[4], out=part)
                dc += part
                slope[:3] *= dc  # the first four become ∂L/∂a
                slope[3] *= dh_t
                W_times(slope[:4].reshape(4 * H, N), out=dh_t)  # what goes back to h
                dc *= gates[t, H : 2 * H]  # and, times f, to c
            Delta[:, :, now] = factors[:, :4].transpose(1, 2, 0, 3)
        rows = Delta.reshape(4 * H, T * N).T
        dW = all_steps(s[:T]) @ rows  # of all three weights, in the order of s
        grads = LSTM(dW[H:-1], dW[:H], dW[-1])
        return grads, (rows @ self.W_xh.T).reshape(T, N, len(self.W_xh)), (dh_t.T, dc.T)


def step(
    a: ndarray, c_before: ndarray, c: ndarray, tanh_c: ndarray, h: ndarray, part: ndarray
) -> None:
    """From a (4H, N), which becomes the gates, and the cell before the step: c, tanh c and h."""
    H = len(h)
    i_f, i, f, g, o = a[: 2 * H], a[:H], a[H : 2 * H], a[2 * H : 3 * H], a[3 * H :]
    np.tanh(a, out=a)
    i_f *= 0.5
    i_f += 0.5
    o *= 0.5
    o += 0.5
    np.multiply(i, g, out=part)
    np.multiply(f, c_before, out=c)
    c += part
    np.tanh(c, out=tanh_c)
    np.multiply(o, tanh_c, out=h)


def slopes(gates: ndarray, c: ndarray, tanh_c: ndarray) -> ndarray:
    """What the gradients are multiplied by on their way back, (steps, 5, H, N).

    From ∂L/∂c to the pre-activations of i, f and g; from ∂L/∂h to that of o, and to c.
    """
    steps, H, N = tanh_c.shape
    gates = gates.reshape(steps, 4, H, N)
    i, _, g, o = (gates[:, k] for k in range(4))
    out = np.empty((steps, 5, H, N), gates.dtype)
    to_i, to_f, to_g, to_o, to_c = (out[:, k] for k in range(5))
    np.subtract(1, gates[:, :2], out=out[:, :2])
    out[:, :2] *= gates[:, :2]
    to_i *= g  # g i (1 - i)
    to_f *= c  # c f (1 - f), with c from before the step
    np.square(g, out=to_g)
    np.subtract(1, to_g, out=to_g)
    to_g *= i  # i (1 - g²)
    np.multiply(o, tanh_c, out=to_c)
    np.subtract(1, o, out=to_o)
    to_o *= to_c  # tanh c o (1 - o)
    to_c *= tanh_c
    np.subtract(o, to_c, out=to_c)  # o (1 - tanh² c)
    return out
