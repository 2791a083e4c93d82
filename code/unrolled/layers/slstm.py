"""The sLSTM: an LSTM whose notes are averages, with weights that have no upper bound.

With a_i, a_f, a_o and g = tanh(a_g) made from x[t] and h[t-1] as in the LSTM, and f = sigmoid(a_f),

    n[t] = f n[t-1] + exp(a_i)                              the weight of all that was noted
    c[t] = (f n[t-1] c[t-1] + exp(a_i) g) / n[t]            the average, weighted
    h[t] = sigmoid(a_o) c[t]

(Beck et al. 2024, who keep the product c n, and divide when it is shown). exp(a_i) can overflow, so
the layer keeps m = ln n instead of n, and the share w of the newcomer in the average:

    w = sigmoid(a_i - ln f - m[t-1]),   c[t] = c[t-1] + w (g - c[t-1])
    m[t] = logaddexp(ln f + m[t-1], a_i)

The four blocks i, f, g, o stand side by side, as in `lstm`.
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
from unrolled.layers.lstm import sigmoid
from unrolled.layers.selective import softplus

State = tuple[ndarray, ndarray, ndarray]
PARTS = "h", "c", "m"


class SLSTMTape(NamedTuple):
    """What `SLSTM.backward` needs."""

    x: ndarray  # (T, N, D)
    h: ndarray  # (T + 1, N, H); h[t] is the state before x[t], h[t + 1] the state after it
    c: ndarray  # (T + 1, N, H), counted as h is; so is m
    m: ndarray
    w: ndarray  # (T, N, H), like f, g and o: at the step that reads x[t]
    f: ndarray
    g: ndarray
    o: ndarray


@dataclass
class SLSTM:
    """The layer's parameters. Their gradient has the same fields: it is an SLSTM too."""

    W_xh: ndarray  # (D, 4H)
    W_hh: ndarray  # (H, 4H)
    b_h: ndarray  # (4H,)

    @classmethod
    def init(cls, D: int, H: int, rng: np.random.Generator, dtype: DTypeLike = float) -> "SLSTM":
        """As `LSTM.init`, with forget biases from 3 to 6: some notes last longer than others."""
        check_init(rng, dtype, D=D, H=H)
        W_xh = rng.normal(size=(D, 4 * H)) / np.sqrt(D)
        W_hh = np.hstack([np.linalg.qr(rng.normal(size=(H, H)))[0] for _ in range(4)])
        b_h = np.concatenate([np.zeros(H), np.linspace(3, 6, H), np.zeros(2 * H)])
        return cls(W_xh.astype(dtype), W_hh.astype(dtype), b_h.astype(dtype))

    def zeros(self, N: int) -> State:
        """The initial state: averages of 0, and a weight of 1, whose logarithm m is 0."""
        checks.whole(N=N)
        h, c, m = np.zeros((3, N, len(self.W_hh)), self.W_hh.dtype)
        return h, c, m

    def forward(self, x: ndarray, state: State) -> tuple[ndarray, State, SLSTMTape]:
        """Run N sequences through T steps (`eq-exponential-share`, `eq-exponential-log`).

        Parameters
        ----------
        x : (T, N, D) inputs
        state : (h_0, c_0, m_0), each (N, H), before the first step

        Returns
        -------
        h : (T, N, H) hidden state after each step
        last_state : (h_T, c_T, m_T), each (N, H), the next segment's state
        tape : what `backward` needs

        Raises
        ------
        ValueError : if x or the state has another shape, or is not of floats
        """
        D, H = len(self.W_xh), len(self.W_hh)
        T, N, _ = check("x", x, "T", "N", D)
        _check_state(state, N, H)
        a = (rows(x) @ self.W_xh).reshape(T, N, 4 * H)
        a += self.b_h  # all that does not wait for h
        h, c, m = (np.empty((T + 1, N, H), a.dtype) for _ in PARTS)
        w, f, g, o = (np.empty((T, N, H), a.dtype) for _ in range(4))
        h[0], c[0], m[0] = state
        for t in range(T):  # h[t], c[t], m[t] before this step; [t + 1] after it
            a_i, a_f, a_g, a_o = np.split(a[t] + h[t] @ self.W_hh, 4, axis=1)
            left = m[t] - softplus(-a_f)  # of the old weight: its logarithm, ln f + m
            w[t], f[t], g[t], o[t] = sigmoid(a_i - left), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
            c[t + 1] = c[t] + w[t] * (g[t] - c[t])
            m[t + 1] = np.logaddexp(left, a_i)
            h[t + 1] = o[t] * c[t + 1]
        return h[1:], (h[-1], c[-1], m[-1]), SLSTMTape(x, h, c, m, w, f, g, o)

    def backward(
        self, tape: SLSTMTape, dh: ndarray, dlast_state: State | None = None
    ) -> tuple["SLSTM", ndarray, State]:
        """Backpropagation through time (`eq-exponential-back`).

        Parameters
        ----------
        tape : from `forward`; it stays as it was
        dh : (T, N, H) ∂ℓ_t/∂h_t, the gradient of each step's own loss at its hidden state
        dlast_state : (dh_T, dc_T, dm_T), each (N, H), what comes back to the last state from
            beyond the last step; None for nothing

        Returns
        -------
        grads : the gradient of each parameter
        dx : (T, N, D) gradient at the inputs
        dstate : (dh_0, dc_0, dm_0), each (N, H), gradient at the initial state

        Raises
        ------
        ValueError : if dh or dlast_state has not the states' shape, or is not of floats
        """
        check_tape(tape, SLSTMTape)
        x, h, c, m, w, f, g, o = tape
        dh = gradient_at("dh", dh, h[1:])
        from_next, dc, dm = _all_from_beyond(dlast_state, (h[-1], c[-1], m[-1]))
        Delta = np.empty((*dh.shape[:2], 4 * dh.shape[2]), h.dtype)  # (T, N, 4H) ∂L/∂a
        Delta_i, Delta_f, Delta_g, Delta_o = np.split(Delta, 4, axis=2)  # parts of Delta, no copies
        for t in reversed(range(len(x))):
            dh_t = dh[t] + from_next
            dc = dc + dh_t * o[t]
            through_w = dc * (g[t] - c[t]) * w[t] * (1 - w[t])
            Delta_i[t] = through_w + dm * w[t]
            dm = dm * (1 - w[t]) - through_w  # now at ln f + m, and so at m[t]
            Delta_f[t] = dm * (1 - f[t])
            Delta_g[t] = dc * w[t] * (1 - g[t] ** 2)
            Delta_o[t] = dh_t * c[t + 1] * o[t] * (1 - o[t])
            from_next, dc = Delta[t] @ self.W_hh.T, dc * (1 - w[t])  # back to h[t] and c[t]
        grads = SLSTM(
            rows(x).T @ rows(Delta), rows(h[:-1]).T @ rows(Delta), rows(Delta).sum(axis=0)
        )
        return grads, (rows(Delta) @ self.W_xh.T).reshape(x.shape), (from_next, dc, dm)


def _check_state(state: State, N: int, H: int) -> None:
    """ValueError unless the state is (h_0, c_0, m_0), each (N, H)."""
    check_parts("state", state, "three parts (h_0, c_0, m_0)", 3)
    for name, part in zip(PARTS, state, strict=True):
        check(f"{name}_0 in state", part, N, H)


def _all_from_beyond(dlast_state: State | None, last_state: State) -> State:
    """What comes back to (h_T, c_T, m_T) from beyond the last step; errors as in `backward`."""
    if dlast_state is None:
        dlast_state = (np.zeros_like(last_state[0]),) * 3
    check_parts("dlast_state", dlast_state, "three parts (dh_T, dc_T, dm_T)", 3)
    dh, dc, dm = (
        from_beyond(f"d{name}_T in dlast_state", its, part)
        for name, its, part in zip(PARTS, dlast_state, last_state, strict=True)
    )
    return dh, dc, dm
