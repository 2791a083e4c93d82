"""The LSTM layer, and its gradient by hand.

    i, f, o = sigmoid of their own x[t] W_xh + h[t-1] W_hh + b_h;   g = tanh of its own
    c[t] = f * c[t-1] + i * g
    h[t] = o * tanh(c[t])

The four blocks i, f, g, o stand side by side in W_xh, W_hh and b_h, as in torch: one product for
all. As in `rnn`, only h[t-1] W_hh waits in the loop.
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
    check_parts,
    check_tape,
    from_beyond,
    gradient_at,
    rows,
)

Pair = tuple[ndarray, ndarray]


class LSTMTape(NamedTuple):
    """What `LSTM.backward` needs."""

    x: ndarray  # (T, N, D)
    h: ndarray  # (T + 1, N, H); h[t] is the state before x[t], h[t + 1] the state after it
    c: ndarray  # (T + 1, N, H), counted as h is
    i: ndarray  # (T, N, H), like f, g and o: at the step that reads x[t]
    f: ndarray
    g: ndarray
    o: ndarray


def sigmoid(a: ndarray) -> ndarray:
    """1 / (1 + exp(-a)), written with tanh so that no a overflows."""
    return 0.5 + 0.5 * np.tanh(0.5 * a)


@dataclass
class LSTM:
    """The layer's parameters. Their gradient has the same fields: it is an LSTM too."""

    W_xh: ndarray  # (D, 4H)
    W_hh: ndarray  # (H, 4H)
    b_h: ndarray  # (4H,)

    @classmethod
    def init(
        cls,
        D: int,
        H: int,
        rng: np.random.Generator,
        dtype: DTypeLike = float,
        forget_bias: float = 1.0,
    ) -> "LSTM":
        """Gaussian input weights, orthogonal recurrent weights for each gate; biases 0 but f's.

        A positive bias keeps the forget gate open at first (Gers, Schmidhuber and Cummins 2000).
        """
        check_init(rng, dtype, D=D, H=H)
        checks.number(forget_bias=forget_bias)
        W_xh = rng.normal(size=(D, 4 * H)) / np.sqrt(D)
        W_hh = np.hstack([np.linalg.qr(rng.normal(size=(H, H)))[0] for _ in range(4)])
        b_h = np.repeat([0, forget_bias, 0, 0], H)
        return cls(W_xh.astype(dtype), W_hh.astype(dtype), b_h.astype(dtype))

    def zeros(self, N: int) -> Pair:
        """The initial state (h_0, c_0), each (N, H), of sequences that begin with nothing."""
        checks.whole(N=N)
        shape = N, len(self.W_hh)
        return np.zeros(shape, self.W_hh.dtype), np.zeros(shape, self.W_hh.dtype)

    def forward(self, x: ndarray, state: Pair) -> tuple[ndarray, Pair, LSTMTape]:
        """Run N sequences through T steps.

        Parameters
        ----------
        x : (T, N, D) inputs
        state : (h_0, c_0), each (N, H), before the first step

        Returns
        -------
        h : (T, N, H) hidden state after each step
        last_state : (h_T, c_T), each (N, H), the next segment's state
        tape : what `backward` needs

        Raises
        ------
        ValueError : if x or the state has another shape, or is not of floats
        """
        D, H = len(self.W_xh), len(self.W_hh)
        T, N, _ = check("x", x, "T", "N", D)
        check_state(state, N, H)
        a = (rows(x) @ self.W_xh).reshape(T, N, 4 * H)
        a += self.b_h  # all that does not wait for h
        h, c = (np.empty((T + 1, N, H), a.dtype) for _ in range(2))
        i, f, g, o = (np.empty((T, N, H), a.dtype) for _ in range(4))
        h[0], c[0] = state
        for t in range(T):  # h[t], c[t] before this step; h[t + 1], c[t + 1] after it
            a_i, a_f, a_g, a_o = np.split(a[t] + h[t] @ self.W_hh, 4, axis=1)
            i[t], f[t], g[t], o[t] = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
            c[t + 1] = f[t] * c[t] + i[t] * g[t]
            h[t + 1] = o[t] * np.tanh(c[t + 1])
        return h[1:], (h[-1], c[-1]), LSTMTape(x, h, c, i, f, g, o)

    def backward(
        self, tape: LSTMTape, dh: ndarray, dlast_state: Pair | None = None
    ) -> tuple["LSTM", ndarray, Pair]:
        """Backpropagation through time (`eq-lstm-delta`, `eq-lstm-grad-weights`).

        Parameters
        ----------
        tape : from `forward`; it stays as it was
        dh : (T, N, H) ∂ℓ_t/∂h_t, the gradient of each step's own loss at its hidden state
        dlast_state : (dh_T, dc_T), each (N, H), what comes back to the last state from beyond
            the last step; None for nothing

        Returns
        -------
        grads : the gradient of each parameter
        dx : (T, N, D) gradient at the inputs
        dstate : (dh_0, dc_0), each (N, H), gradient at the initial state

        Raises
        ------
        ValueError : if dh or dlast_state has not the states' shape, or is not of floats
        """
        check_tape(tape, LSTMTape)
        x, h, c, i, f, g, o = tape
        dh = gradient_at("dh", dh, h[1:])
        from_next, dc = pair_from_beyond(dlast_state, h[-1], c[-1])
        Delta = np.empty((*dh.shape[:2], 4 * dh.shape[2]), h.dtype)  # (T, N, 4H) ∂L/∂a
        Delta_i, Delta_f, Delta_g, Delta_o = np.split(Delta, 4, axis=2)  # parts of Delta, no copies
        for t in reversed(range(len(x))):
            dh_t, tanh_c = dh[t] + from_next, np.tanh(c[t + 1])
            dc = dc + dh_t * o[t] * (1 - tanh_c**2)
            Delta_i[t] = dc * g[t] * i[t] * (1 - i[t])
            Delta_f[t] = dc * c[t] * f[t] * (1 - f[t])
            Delta_g[t] = dc * i[t] * (1 - g[t] ** 2)
            Delta_o[t] = dh_t * tanh_c * o[t] * (1 - o[t])
            from_next, dc = Delta[t] @ self.W_hh.T, dc * f[t]  # what goes back to h[t] and c[t]
        grads = LSTM(rows(x).T @ rows(Delta), rows(h[:-1]).T @ rows(Delta), rows(Delta).sum(axis=0))
        return grads, (rows(Delta) @ self.W_xh.T).reshape(x.shape), (from_next, dc)


def check_state(state: Pair, N: int, H: int) -> None:
    """ValueError unless the state is a pair (h_0, c_0), each (N, H)."""
    check_parts("state", state, "a pair (h_0, c_0)", 2)
    for name, part in zip(("h_0", "c_0"), state, strict=True):
        check(f"{name} in state", part, N, H)


def pair_from_beyond(dlast_state: Pair | None, h_T: ndarray, c_T: ndarray) -> Pair:
    """What comes back to (h_T, c_T) from beyond the last step; errors as in `LSTM.backward`."""
    if dlast_state is None:
        return np.zeros_like(h_T), np.zeros_like(c_T)
    check_parts("dlast_state", dlast_state, "a pair (dh_T, dc_T)", 2)
    dh_T, dc_T = dlast_state
    return (
        from_beyond("dh_T in dlast_state", dh_T, h_T),
        from_beyond("dc_T in dlast_state", dc_T, c_T),
    )
