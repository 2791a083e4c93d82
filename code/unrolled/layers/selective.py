"""Linear recurrences whose keeping and writing depend on the input: S6 and the RG-LRU.

S6 (Gu & Dao, 2023) keeps S numbers for each of its H units. u, a, B and C are x[t] W_xh + b_h:

    Delta = softplus(a)
    h[t] = exp(Delta A) h[t-1] + Delta u B              with A = -exp(A_log), below zero
    y[t] = sum over the S numbers of C h[t], plus skip u

The RG-LRU (De et al., 2024) keeps one number for each unit. u, r and i are made in the same way:

    gamma = sigmoid(Lambda) ** (c sigmoid(r))           with c = 8
    h[t] = gamma h[t-1] + sqrt(1 - gamma²) sigmoid(i) u

No gate looks at the state, so that the states of each are a scan.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy import ndarray
from numpy.typing import DTypeLike

from unrolled import checks
from unrolled.layers import scan
from unrolled.layers.layer_contract import check, check_init, check_tape, gradient_at, rows
from unrolled.layers.lstm import sigmoid

POWER = 8  # c of the RG-LRU


def softplus(a: ndarray) -> ndarray:
    """log(1 + e^a) of an array of floats, without overflow."""
    return np.maximum(a, 0) + np.log1p(np.exp(-abs(a)))


class S6Tape(NamedTuple):
    """What `S6.backward` needs."""

    x: ndarray  # (T, N, D)
    u: ndarray  # (T, N, H)
    a: ndarray  # (T, N, H)
    B: ndarray  # (T, N, S)
    C: ndarray  # (T, N, S)
    scan: scan.Tape  # with all states (T + 1, N, H, S)


@dataclass
class S6:
    """The blocks u, a (H each), B, C (S each), side by side. The gradient has the same fields."""

    W_xh: ndarray  # (D, 2H + 2S)
    b_h: ndarray  # (2H + 2S,)
    A_log: ndarray  # (H, S), A = -exp(A_log)
    skip: ndarray  # (H,)

    @classmethod
    def init(
        cls, D: int, H: int, rng: np.random.Generator, dtype: DTypeLike = float, S: int = 4
    ) -> "S6":
        """Gaussian weights, A = -1, …, -S in each unit, steps Delta from 0.001 to 0.1."""
        check_init(rng, dtype, D=D, H=H, S=S)
        W = rng.normal(size=(D, 2 * H + 2 * S)) / np.sqrt(D)
        b = np.zeros(2 * H + 2 * S)
        Delta = np.exp(rng.uniform(np.log(1e-3), np.log(1e-1), H))
        b[H : 2 * H] = np.log(np.expm1(Delta))  # softplus of it is Delta
        A_log = np.tile(np.log(np.arange(1, S + 1)), (H, 1))
        return cls(W.astype(dtype), b.astype(dtype), A_log.astype(dtype), np.ones(H, dtype))

    def zeros(self, N: int) -> ndarray:
        """The initial state (N, H, S) of sequences that begin with nothing."""
        checks.whole(N=N)
        return np.zeros((N, *self.A_log.shape), self.A_log.dtype)

    def forward(
        self, x: ndarray, state: ndarray, fill: scan.Fill = scan.tree
    ) -> tuple[ndarray, ndarray, S6Tape]:
        """x (T, N, D), state (N, H, S) -> y (T, N, H), last state, tape (`eq-selective-s6`).

        Raises ValueError if x or state has another shape or is not of floats, or x is so large
        that what is written leaves the floats: it grows with the third power of x.
        """
        checks.function(fill=fill)
        (D, width), (H, S) = self.W_xh.shape, self.A_log.shape
        T, N, _ = check("x", x, "T", "N", D)
        check("state", state, N, H, S)
        mixed = (rows(x) @ self.W_xh + self.b_h).reshape(T, N, width)
        u, a, B, C = np.split(mixed, [H, 2 * H, 2 * H + S], axis=2)
        Delta = softplus(a)
        keep = np.exp(-Delta[..., None] * np.exp(self.A_log))  # (T, N, H, S)
        write = (Delta * u)[..., None] * B[:, :, None]
        if not np.isfinite(write).all():
            raise ValueError("x is too large: what is written is no longer finite")
        h, scanned = scan.forward(write, keep, state, fill)
        y = np.einsum("tnhs,tns->tnh", h, C) + self.skip * u
        return y, scanned.s[-1], S6Tape(x, u, a, B, C, scanned)

    def backward(
        self, tape: S6Tape, dh: ndarray, dlast_state: ndarray | None = None
    ) -> tuple["S6", ndarray, ndarray]:
        """dh (T, N, H), dlast_state (N, H, S) -> gradients, dx (T, N, D), dstate (N, H, S).

        Raises ValueError if dh or dlast_state has another shape, or is not of floats.
        """
        check_tape(tape, S6Tape)
        x, u, a, B, C, scanned = tape
        dy, h, A, Delta = gradient_at("dh", dh, u), scanned.s[1:], -np.exp(self.A_log), softplus(a)
        dC = np.einsum("tnh,tnhs->tns", dy, h)
        dwrite, dkeep, dstate = scan.backward(scanned, dy[..., None] * C[:, :, None], dlast_state)
        exponent = dkeep * scanned.gamma  # gradient at Delta A
        shown = np.einsum("tnhs,tns->tnh", dwrite, B)  # gradient at Delta u
        dDelta = (exponent * A).sum(axis=3) + shown * u
        dB = np.einsum("tnhs,tnh->tns", dwrite, Delta * u)
        parts = [shown * Delta + dy * self.skip, dDelta * sigmoid(a), dB, dC]
        delta = rows(np.concatenate(parts, axis=2))  # (T N, 2H + 2S)
        dA_log = A * np.einsum("tnhs,tnh->hs", exponent, Delta)
        dskip = (dy * u).sum(axis=(0, 1))
        grads = S6(rows(x).T @ delta, delta.sum(axis=0), dA_log, dskip)
        return grads, (delta @ self.W_xh.T).reshape(x.shape), dstate


class RGLRUTape(NamedTuple):
    """What `RGLRU.backward` needs."""

    x: ndarray  # (T, N, D)
    u: ndarray  # (T, N, H)
    r: ndarray  # (T, N, H), after the sigmoid
    i: ndarray  # (T, N, H), after the sigmoid
    scale: ndarray  # (T, N, H), sqrt(1 - gamma²)
    scan: scan.Tape  # with all states


@dataclass
class RGLRU:
    """The blocks u, r, i stand side by side. The gradient has the same fields."""

    W_xh: ndarray  # (D, 3H)
    b_h: ndarray  # (3H,)
    Lambda: ndarray  # (H,), sigmoid(Lambda) ** c is kept where the gate r is fully open

    @classmethod
    def init(cls, D: int, H: int, rng: np.random.Generator, dtype: DTypeLike = float) -> "RGLRU":
        """Gaussian weights, zero biases, and from 0.9 to 0.999 kept where r is open."""
        check_init(rng, dtype, D=D, H=H)
        W = rng.normal(size=(D, 3 * H)) / np.sqrt(D)
        kept = rng.uniform(0.9, 0.999, H) ** (1 / POWER)
        Lambda = np.log(kept / (1 - kept))
        return cls(W.astype(dtype), np.zeros(3 * H, dtype), Lambda.astype(dtype))

    def zeros(self, N: int) -> ndarray:
        """The initial state (N, H) of sequences that begin with nothing."""
        checks.whole(N=N)
        return np.zeros((N, len(self.Lambda)), self.Lambda.dtype)

    def forward(
        self, x: ndarray, state: ndarray, fill: scan.Fill = scan.tree
    ) -> tuple[ndarray, ndarray, RGLRUTape]:
        """x (T, N, D), state (N, H) -> states (T, N, H), the last, tape (`eq-selective-rglru`).

        Raises ValueError if x or state has another shape, or is not of floats.
        """
        checks.function(fill=fill)
        D, H = len(self.W_xh), len(self.Lambda)
        T, N, _ = check("x", x, "T", "N", D)
        check("state", state, N, H)
        mixed = (rows(x) @ self.W_xh + self.b_h).reshape(T, N, 3 * H)
        u, r, i = np.split(mixed, 3, axis=2)
        r, i = sigmoid(r), sigmoid(i)
        log_keep = -POWER * r * softplus(-self.Lambda)
        scale = np.sqrt(-np.expm1(2 * log_keep))  # sqrt(1 - gamma²), exact near gamma = 1
        h, scanned = scan.forward(scale * i * u, np.exp(log_keep), state, fill)
        return h, scanned.s[-1], RGLRUTape(x, u, r, i, scale, scanned)

    def backward(
        self, tape: RGLRUTape, dh: ndarray, dlast_state: ndarray | None = None
    ) -> tuple["RGLRU", ndarray, ndarray]:
        """dh (T, N, H), dlast_state (N, H) -> gradients, dx (T, N, D), dstate (N, H).

        Raises ValueError if dh or dlast_state has another shape, or is not of floats.
        """
        check_tape(tape, RGLRUTape)
        x, u, r, i, scale, scanned = tape
        dh, keep = gradient_at("dh", dh, u), scanned.gamma
        dwrite, dkeep, dstate = scan.backward(scanned, dh, dlast_state)
        slope = np.divide(keep**2, scale, out=np.zeros_like(scale), where=scale > 0)
        dlog = dkeep * keep - dwrite * i * u * slope  # gradient at log gamma
        power = -POWER * softplus(-self.Lambda)  # log gamma is r times it
        parts = [dwrite * scale * i, dlog * power * r * (1 - r), dwrite * scale * u * i * (1 - i)]
        delta = rows(np.concatenate(parts, axis=2))  # (T N, 3H)
        dLambda = POWER * sigmoid(-self.Lambda) * (dlog * r).sum(axis=(0, 1))
        grads = RGLRU(rows(x).T @ delta, delta.sum(axis=0), dLambda)
        return grads, (delta @ self.W_xh.T).reshape(x.shape), dstate
