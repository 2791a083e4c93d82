"""The LSTM layer, and its gradient by hand.

    i, f, o = sigmoid of their own x[t] W_xh + h[t-1] W_hh + b_h;   g = tanh of its own
    c[t] = f * c[t-1] + i * g
    h[t] = o * tanh(c[t])

The four blocks i, f, g, o stand side by side in W_xh, W_hh and b_h, as in torch: one product for
all. As in `rnn`, only h[t-1] W_hh waits in the loop. Inside, arrays are turned: features first,
then steps, then sequences, (4H, T, N). Each gate is then one block of memory, and BLAS is faster
with W on the left. What comes in and goes out is (T, N, features).
"""

from dataclasses import dataclass

import numpy as np
from numpy import ndarray
from numpy.typing import DTypeLike


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
        W_xh = rng.normal(size=(D, 4 * H)) / np.sqrt(D)
        W_hh = np.hstack([np.linalg.qr(rng.normal(size=(H, H)))[0] for _ in range(4)])
        b_h = np.repeat([0, forget_bias, 0, 0], H)
        return cls(W_xh.astype(dtype), W_hh.astype(dtype), b_h.astype(dtype))

    def forward(
        self, x: ndarray, state: tuple[ndarray, ndarray]
    ) -> tuple[ndarray, tuple[ndarray, ...]]:
        """Run N sequences through T steps.

        Parameters
        ----------
        x : (T, N, D) inputs
        state : (h_0, c_0), each (N, H), before the first step

        Returns
        -------
        h : (T, N, H) hidden state after each step
        tape : what `backward` needs; `last_state` reads (h_T, c_T) from it

        Raises
        ------
        ValueError : if x or the state has another shape
        """
        T, N, H = self._check(x, state)
        h = np.empty((H, T + 1, N), np.result_type(x, self.W_xh))  # h[:, t]: before step t
        c = np.empty((T + 1, H, N), h.dtype)
        h[:, 0], c[0] = (s.T for s in state)
        tanh_c, gates = np.empty_like(c[1:]), np.empty((T, 4 * H, N), h.dtype)
        # sigmoid(a) = (1 + tanh(a/2)) / 2: with i, f, o at half scale, one tanh serves all four
        half = np.repeat(np.array([0.5, 0.5, 1, 0.5], h.dtype), H)[:, None]  # (4H, 1)
        W_hh, b_h = np.ascontiguousarray(half * self.W_hh.T), half * self.b_h[:, None]
        from_x = (half * self.W_xh.T) @ x.reshape(T * N, -1).T
        from_x = from_x.reshape(4 * H, T, N)
        h_t = h[:, 0].copy()
        for t, a in enumerate(gates):
            np.dot(W_hh, h_t, out=a)
            a += b_h
            a += from_x[:, t]
            np.tanh(a, out=a)
            for sigmoid in (a[: 2 * H], a[3 * H :]):  # i and f; o
                sigmoid *= 0.5
                sigmoid += 0.5
            i, f, g, o = a.reshape(4, H, N)
            np.multiply(i, g, out=h_t)  # h_t lends its place
            np.multiply(f, c[t], out=c[t + 1])
            c[t + 1] += h_t
            np.tanh(c[t + 1], out=tanh_c[t])
            np.multiply(o, tanh_c[t], out=h_t)
            h[:, t + 1] = h_t
        return h[:, 1:].transpose(1, 2, 0), (x, h, c, tanh_c, gates)

    @staticmethod
    def last_state(tape: tuple) -> tuple[ndarray, ndarray]:
        """(h_T, c_T), each (N, H), from `forward`'s tape: the next segment's initial state."""
        _, h, c, *_ = tape
        return h[:, -1].T, c[-1].T

    def backward(
        self, tape: tuple, dh: ndarray, dc_T: ndarray | float = 0.0
    ) -> tuple["LSTM", ndarray, tuple[ndarray, ndarray]]:
        """Backpropagation through time (`eq-lstm-delta`, `eq-lstm-grad-weights`).

        Parameters
        ----------
        tape : from `forward`; it stays as it was
        dh : (T, N, H) ∂ℓ_t/∂h_t, the gradient of each step's own loss at its hidden state
        dc_T : (N, H) ∂L/∂c_T, where a later segment has begun with c_T

        Returns
        -------
        grads : the gradient of each parameter
        dx : (T, N, D) gradient at the inputs
        dstate : (dh_0, dc_0), each (N, H), gradient at the initial state

        Raises
        ------
        ValueError : if dh has not the states' shape
        """
        x, h, c, tanh_c, gates = tape
        T, H, N = tanh_c.shape
        if dh.shape != (T, N, H):
            raise ValueError(f"dh must be {(T, N, H)}, got {dh.shape}")
        Delta = np.empty((4 * H, T, N), h.dtype)  # ∂L/∂a
        Delta_t = np.empty_like(gates[0])
        Delta_i, Delta_f, Delta_g, Delta_o = Delta_t.reshape(4, H, N)
        h_t, i_g, part = (np.empty_like(c[0]) for _ in range(3))
        dh_t, dc = np.zeros_like(part), np.zeros_like(part)  # from beyond the last step: nothing,
        dc += np.transpose(dc_T)  # unless a later segment sends it through the cell
        for t in reversed(range(T)):
            i, f, g, o = gates[t].reshape(4, H, N)
            dh_t += dh[t].T
            np.multiply(o, tanh_c[t], out=h_t)
            np.multiply(i, g, out=i_g)
            back(dh_t, o, h_t, tanh_c[t], out=part)  # dh o (1 - tanh²)
            dc += part
            back(dh_t, h_t, h_t, o, out=Delta_o)  # dh tanh o (1 - o)
            back(dc, i_g, i_g, i, out=Delta_i)  # dc g i (1 - i)
            back(dc, i, i_g, g, out=Delta_g)  # dc i (1 - g²)
            dc *= f  # what goes back to c[t-1] along the cell
            back(dc, c[t], c[t], f, out=Delta_f)  # dc c[t-1] f (1 - f)
            np.dot(self.W_hh, Delta_t, out=dh_t)  # what goes back to h[t-1]
            Delta[:, t] = Delta_t
        x_rows, rows = x.reshape(T * N, -1), Delta.reshape(4 * H, T * N).T
        b_h = rows.T @ np.ones(T * N, h.dtype)  # the bias's input is 1 in every row
        grads = LSTM(x_rows.T @ rows, h[:, :-1].reshape(H, T * N) @ rows, b_h)
        return grads, (rows @ self.W_xh.T).reshape(x.shape), (dh_t.T, dc.T)

    def _check(self, x: ndarray, state: tuple) -> tuple[int, int, int]:
        """T, N and H, if x and the state fit the layer and each other."""
        D, H = len(self.W_xh), len(self.W_hh)
        if x.ndim != 3 or x.shape[2] != D:
            raise ValueError(f"x must be (T, N, {D}), got {x.shape}")
        T, N, _ = x.shape
        if len(state) != 2 or any(s.shape != (N, H) for s in state):
            shapes = [getattr(s, "shape", s) for s in state]
            raise ValueError(f"state must be (h_0, c_0), each ({N}, {H}), got {shapes}")
        return T, N, H


def back(upstream: ndarray, a: ndarray, b: ndarray, s: ndarray, out: ndarray) -> None:
    """out = upstream * (a - b s): every way back through a gate or a tanh s has this form."""
    np.multiply(b, s, out=out)
    np.subtract(a, out, out=out)
    out *= upstream
