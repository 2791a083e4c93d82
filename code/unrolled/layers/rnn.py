"""The plain recurrent layer, and its gradient by hand.

    h[t] = tanh(x[t] W_xh + h[t-1] W_hh + b_h)

T steps, N sequences, D inputs, H hidden units; time is the first axis. Only h[t-1] W_hh has to
wait for the step before, so only that product is left in the loop: all inputs go through W_xh in
one product before it, and each weight's gradient is one product after it.
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


class RNNTape(NamedTuple):
    """What `RNN.backward` needs."""

    x: ndarray  # (T, N, D)
    h: ndarray  # (T + 1, N, H); h[t] is the state before x[t], h[t + 1] the state after it


@dataclass
class RNN:
    """The layer's parameters. Their gradient has the same fields: it is an RNN too."""

    W_xh: ndarray  # (D, H)
    W_hh: ndarray  # (H, H)
    b_h: ndarray  # (H,)

    @classmethod
    def init(cls, D: int, H: int, rng: np.random.Generator, dtype: DTypeLike = float) -> "RNN":
        """Gaussian input weights, orthogonal recurrent weights, zero bias."""
        check_init(rng, dtype, D=D, H=H)
        W_xh = rng.normal(size=(D, H)) / np.sqrt(D)
        W_hh, _ = np.linalg.qr(rng.normal(size=(H, H)))
        return cls(W_xh.astype(dtype), W_hh.astype(dtype), np.zeros(H, dtype))

    def zeros(self, N: int) -> ndarray:
        """The initial state (N, H) of sequences that begin with nothing."""
        checks.whole(N=N)
        return np.zeros((N, len(self.W_hh)), self.W_hh.dtype)

    def forward(self, x: ndarray, h_0: ndarray) -> tuple[ndarray, ndarray, RNNTape]:
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
        D, H = self.W_xh.shape
        T, N, _ = check("x", x, "T", "N", D)
        check("h_0", h_0, N, H)
        a = (rows(x) @ self.W_xh).reshape(T, N, H)
        a += self.b_h  # all that does not wait for h
        h = np.empty((T + 1, N, H), a.dtype)
        h[0] = h_0
        for t in range(T):  # h[t] is the state before this step, h[t + 1] the state after it
            h[t + 1] = np.tanh(a[t] + h[t] @ self.W_hh)
        return h[1:], h[-1], RNNTape(x, h)

    def backward(
        self, tape: RNNTape, dh: ndarray, dlast_state: ndarray | None = None
    ) -> tuple["RNN", ndarray, ndarray]:
        """Backpropagation through time (`eq-bptt-delta`, `eq-bptt-grad-weights`).

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
        check_tape(tape, RNNTape)
        x, h = tape
        dh = gradient_at("dh", dh, h[1:])
        from_next = from_beyond("dlast_state", dlast_state, h[-1])
        Delta = np.empty_like(h[1:])  # (T, N, H) ∂L/∂a
        for t in reversed(range(len(x))):
            Delta[t] = (dh[t] + from_next) * (1 - h[t + 1] ** 2)
            from_next = Delta[t] @ self.W_hh.T  # what goes back to h[t]
        grads = RNN(rows(x).T @ rows(Delta), rows(h[:-1]).T @ rows(Delta), rows(Delta).sum(axis=0))
        return grads, (rows(Delta) @ self.W_xh.T).reshape(x.shape), from_next
