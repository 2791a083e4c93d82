"""The fast plain recurrent layer.

Without gates there is nothing to lay side by side, so here sequences stay the rows, as in the plain
layer. The loop allocates nothing: `out=` names the array that takes a result.
"""

from itertools import pairwise

import numpy as np
from numpy import ndarray

from unrolled.layers import rnn
from unrolled.layers.fast.products import product_of_rows
from unrolled.layers.layer_contract import check, check_tape, from_beyond, gradient_at, rows
from unrolled.layers.rnn import RNNTape


class RNN(rnn.RNN):
    """`unrolled.layers.RNN`, laid out for speed."""

    def forward(self, x: ndarray, h_0: ndarray) -> tuple[ndarray, ndarray, RNNTape]:
        """As `unrolled.layers.RNN.forward`."""
        D, H = self.W_xh.shape
        T, N, _ = check("x", x, "T", "N", D)
        check("h_0", h_0, N, H)
        h = np.empty((T + 1, N, H), np.result_type(x, self.W_xh))
        h[0] = h_0
        np.matmul(rows(x), self.W_xh, out=rows(h[1:]))
        h[1:] += self.b_h
        times_W, a = product_of_rows(self.W_hh, N, h.dtype), np.empty_like(h[0])
        for h_before, h_t in pairwise(h):
            times_W(h_before, out=a)
            a += h_t  # its place has held x_t W_xh + b_h so far
            np.tanh(a, out=h_t)
        return h[1:], h[-1], RNNTape(x, h)

    def backward(
        self, tape: RNNTape, dh: ndarray, dlast_state: ndarray | None = None
    ) -> tuple["RNN", ndarray, ndarray]:
        """As `unrolled.layers.RNN.backward`."""
        check_tape(tape, RNNTape)
        x, h = tape
        dh = gradient_at("dh", dh, h[1:])
        from_next = from_beyond("dlast_state", dlast_state, h[-1])
        Delta = np.square(h[1:])
        np.subtract(1, Delta, out=Delta)  # (T, N, H) tanh' at every step; the loop makes it ∂L/∂a
        times_W = product_of_rows(self.W_hh.T, dh.shape[1], h.dtype)
        for Delta_t, dh_t in zip(Delta[::-1], dh[::-1], strict=True):
            from_next += dh_t
            Delta_t *= from_next
            times_W(Delta_t, out=from_next)  # what goes back to the state before
        at_a = rows(Delta)
        b_h = np.ones(len(at_a), h.dtype) @ at_a  # the bias's input is 1 in every row
        grads = RNN(rows(x).T @ at_a, rows(h[:-1]).T @ at_a, b_h)
        return grads, (at_a @ self.W_xh.T).reshape(x.shape), from_next
