"""A recurrence with one factor for all units, step by step, as a masked product and in blocks.

    h[t] = a[t] h[t-1] + B[t] x[t]'          h (S, P) for each sequence
    y[t] = C[t] h[t]

This is the layer of the second Mamba (Dao & Gu, 2024). Time is the first axis: x (T, N, P), B and C
(T, N, S), log_a (T, N), which is at most 0. All forms give y (T, N, P) and the last h (N, S, P).
"""

import numpy as np
from numpy import ndarray

from unrolled import checks
from unrolled.layers.layer_contract import check


def recurrent(
    x: ndarray, log_a: ndarray, B: ndarray, C: ndarray, h: ndarray
) -> tuple[ndarray, ndarray]:
    """Step by step: T times S P products and sums for each sequence.

    Raises ValueError if the shapes do not fit, or log_a is above 0.
    """
    _check(x, log_a, B, C, h)
    y = np.empty(x.shape, np.result_type(x, B, C, h, log_a))
    h = h.astype(y.dtype)
    for t in range(len(x)):
        h = np.exp(log_a[t])[:, None, None] * h + B[t][:, :, None] * x[t][:, None]
        y[t] = np.einsum("ns,nsp->np", C[t], h)
    return y, h


def decays(log_a: ndarray) -> ndarray:
    """log_a (T, N) -> L (N, T, T): what is left at step t of what was written at step s, 0 above.

    The product of the factors of steps s + 1 to t. Sums are taken first and the exponential last,
    so that nothing is divided. Raises ValueError if log_a has another shape or is above 0.
    """
    T, _ = _check_decay(log_a)
    clock = log_a.cumsum(axis=0).T  # (N, T)
    between = clock[:, :, None] - clock[:, None]
    return np.exp(np.where(np.tri(T, dtype=bool), between, -np.inf))


def masked(
    x: ndarray, log_a: ndarray, B: ndarray, C: ndarray, h: ndarray
) -> tuple[ndarray, ndarray]:
    """As attention with a mask of decays in place of the softmax (`eq-selective-masked`).

    Raises ValueError if the shapes do not fit, or log_a is above 0.
    """
    _check(x, log_a, B, C, h)
    L = decays(log_a)
    M = L * np.einsum("tns,uns->ntu", C, B)  # (N, T, T)
    since = np.exp(log_a.cumsum(axis=0))  # (T, N), what is left of the first state
    y = np.einsum("ntu,unp->tnp", M, x)
    y = y + np.einsum("tn,tns,nsp->tnp", since, C, h)
    if len(x) == 0:
        return y, h.astype(y.dtype)
    written = np.einsum("nu,uns,unp->nsp", L[:, -1], B, x)
    return y, since[-1][:, None, None] * h + written


def blocks(
    x: ndarray, log_a: ndarray, B: ndarray, C: ndarray, h: ndarray, L: int = 64
) -> tuple[ndarray, ndarray]:
    """Blocks of L steps by the masked product, the state handed on between them; the last is short.

    Raises ValueError if the shapes do not fit, or log_a is above 0.
    """
    _check(x, log_a, B, C, h)
    checks.whole(1, L=L)
    y = np.empty(x.shape, np.result_type(x, B, C, h, log_a))
    h = h.astype(y.dtype)
    for start in range(0, len(x), L):
        part = slice(start, start + L)
        y[part], h = masked(x[part], log_a[part], B[part], C[part], h)
    return y, h


def _check_decay(log_a: ndarray) -> tuple[int, ...]:
    shape = check("log_a", log_a, "T", "N")
    if log_a.size and log_a.max() > 0:
        raise ValueError(f"log_a must be at most 0, got {log_a.max()}")
    return shape


def _check(x: ndarray, log_a: ndarray, B: ndarray, C: ndarray, h: ndarray) -> None:
    T, N, P = check("x", x, "T", "N", "P")
    *_, S = check("B", B, T, N, "S")
    check("C", C, T, N, S)
    check("log_a", log_a, T, N)
    check("h", h, N, S, P)
    _check_decay(log_a)
