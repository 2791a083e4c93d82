"""The fast plain recurrent layer."""

from typing import NamedTuple

import numpy as np
from numpy import ndarray

from unrolled.layers import rnn
from unrolled.layers.contract import check, from_beyond, gradient_at
from unrolled.layers.fast.products import all_steps, below_each_other, blocks, product


class FastRNNTape(NamedTuple):
    """What `RNN.backward` needs."""

    s: ndarray  # (T + 1, H + D + 1, N): h[t] before the step, x[t], 1


class RNN(rnn.RNN):
    """`unrolled.layers.RNN`, laid out for speed."""

    def forward(self, x: ndarray, h_0: ndarray) -> tuple[ndarray, ndarray, FastRNNTape]:
        """As `unrolled.layers.RNN.forward`."""
        D, H = self.W_xh.shape
        _, N, _ = check("x", x, "T", "N", D)
        check("h_0", h_0, N, H)
        s = below_each_other(x, h_0, np.result_type(x, self.W_xh))
        h = s[:, :H]  # (T + 1, H, N)
        W = blocks(np.concatenate([self.W_hh, self.W_xh, self.b_h[None]]).T, N, s.dtype)
        for s_t, h_t in zip(s, h[1:], strict=False):
            product(W, s_t, out=h_t)
            np.tanh(h_t, out=h_t)
        h = h.transpose(0, 2, 1)
        return h[1:], h[-1], FastRNNTape(s)

    def backward(
        self, tape: FastRNNTape, dh: ndarray, dlast_state: ndarray | None = None
    ) -> tuple["RNN", ndarray, ndarray]:
        """As `unrolled.layers.RNN.backward`."""
        (s,), (D, H) = tape, self.W_xh.shape
        h = s[:, :H]  # (T + 1, H, N)
        dh = gradient_at("dh", dh, h[1:].transpose(0, 2, 1))
        dh_t = from_beyond("dlast_state", dlast_state, h[-1].T).T.copy()  # (H, N)
        T, N, _ = dh.shape
        Delta = np.square(h[1:])
        np.subtract(1, Delta, out=Delta)  # (T, H, N) slopes; the loop makes them ∂L/∂a
        W = blocks(self.W_hh, N, s.dtype)
        for Delta_t, given in zip(Delta[::-1], dh[::-1], strict=True):
            dh_t += given.T
            Delta_t *= dh_t
            product(W, Delta_t, out=dh_t)  # what goes back to the step before
        rows = all_steps(Delta).T
        dW = all_steps(s[:T]) @ rows  # of all three weights, in the order of s
        grads = RNN(dW[H:-1], dW[:H], dW[-1])
        return grads, (rows @ self.W_xh.T).reshape(T, N, D), dh_t.T
