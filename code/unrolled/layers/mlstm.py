"""The mLSTM: a matrix of associations whose writes have weights without upper bound.

For each sequence C is a matrix H x D and n a row of H numbers:

    C[t] = f C[t-1] + exp(a) k[t]^T v[t],    n[t] = f n[t-1] + exp(a) k[t]
    o[t] = q[t] C[t] / max(|q[t] n[t]^T|, 1)

(Beck et al. 2024). Both are linear attention with a decay, n with a value of 1. So [C, n^T] is one
matrix that `fast_weights` keeps, for the values [v, 1]. exp(a) can overflow. The matrix is kept
divided by e^m, with

    m[t] = max(ln f + m[t-1], a)

so that the decay is exp(ln f + m[t-1] - m[t]) and the strength exp(a - m[t]), neither above 1, and
the floor 1 becomes e^-m.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from unrolled.layers import fast_weights
from unrolled.layers.fast import fast_weights as blocks
from unrolled.layers.layer_contract import check, check_parts, check_tape, gradient_at

LARGEST = 700  # e^700 is still a float


class Tape(NamedTuple):
    """What `backward` needs."""

    read: ndarray  # (T, N, D + 1), numerator and denominator, both divided by e^m
    floor: ndarray  # (T, N, 1), e^-m
    beta: ndarray  # (T, N), strengths
    below: Any  # the tape of the fast weights


def stabiliser(a: ndarray, log_f: ndarray, m_0: ndarray) -> ndarray:
    """m after each step (`eq-exponential-stabiliser`), with m_0 before them: (T + 1, N).

    a, log_f (T, N), m_0 (N,). Raises ValueError if a shape does not fit, or a log_f is above 0.
    """
    T, N = check("a", a, "T", "N")
    check("log_f", log_f, T, N)
    check("m_0", m_0, N)
    if (log_f > 0).any():
        raise ValueError(f"log_f must be at most 0, got {log_f.max()}")
    m = np.empty((len(a) + 1, *m_0.shape), a.dtype)
    m[0] = m_0
    for t in range(len(a)):
        m[t + 1] = np.maximum(log_f[t] + m[t], a[t])
    return m


def forward(
    q: ndarray,
    k: ndarray,
    v: ndarray,
    log_f: ndarray,
    a: ndarray,
    state: tuple[ndarray, ndarray],
    C: int | None = None,
) -> tuple[ndarray, tuple[ndarray, ndarray], Tape]:
    """Write with weight e^a, read, divide (`eq-exponential-mlstm`).

    Parameters
    ----------
    q, k : (T, N, H) queries and keys
    v : (T, N, D) values
    log_f : (T, N) logarithms of the forget gates, at most 0
    a : (T, N) logarithms of the weights
    state : the matrix [C, n^T] divided by e^m, (N, H, D + 1), and m, (N,), before the first step
    C : steps in a block; None for step by step

    Returns
    -------
    o : (T, N, D) what the queries read
    last_state : the same two after the last step
    tape : what `backward` needs

    Raises
    ------
    ValueError : if shapes do not fit, an array is not of floats, or a log_f is above 0
    """
    T, N, D = check("v", v, "T", "N", "D")
    check("a", a, T, N)
    check_parts("state", state, "a matrix and m", 2)
    S_0, m_0 = state
    check("the matrix in state", S_0, N, "H", D + 1)
    check("m in state", m_0, N)
    m = stabiliser(a, log_f, m_0)
    log_alpha, beta = log_f + (m[:-1] - m[1:]), np.exp(a - m[1:])
    log_alpha = np.minimum(log_alpha, 0)  # rounding may leave it a hair above 0
    wide = np.concatenate([v, np.ones_like(v[..., :1])], axis=2)  # (T, N, D + 1)
    below: Any
    if C is None:
        read, S, below = fast_weights.forward(q, k, wide, log_alpha, beta, S_0, delta=False)
    else:
        read, S, below = blocks.forward(q, k, wide, log_alpha, beta, S_0, delta=False, C=C)
    floor = np.exp(np.minimum(-m[1:, :, None], LARGEST))
    o = read[..., :D] / np.maximum(abs(read[..., D:]), floor)
    return o, (S, m[-1]), Tape(read, floor, beta, below)


def backward(
    tape: Tape, do: ndarray, dS_T: ndarray | None = None
) -> tuple[ndarray, ndarray, ndarray, ndarray, ndarray, ndarray]:
    """From the last step to the first, with every m held fixed: o does not depend on it.

    Parameters
    ----------
    tape : from `forward`; it stays as it was
    do : (T, N, D) gradient at each output
    dS_T : (N, H, D + 1) what comes back to the last matrix from beyond; None for nothing

    Returns
    -------
    dq, dk, dv, dlog_f, da, dS_0 : gradients, each of the shape of what it belongs to

    Raises
    ------
    ValueError : if do or dS_T has another shape than what it belongs to, or is not of floats
    """
    check_tape(tape, Tape)
    read, floor, beta, below = tape
    above, under = read[..., :-1], read[..., -1:]
    do, scale = gradient_at("do", do, above), np.maximum(abs(under), floor)
    dunder = -(do * above).sum(axis=2, keepdims=True) / scale**2 * np.sign(under)
    dread = np.concatenate([do / scale, np.where(abs(under) > floor, dunder, 0)], axis=2)
    plain = isinstance(below, fast_weights.Tape)
    way_back = fast_weights.backward if plain else blocks.backward
    dq, dk, dwide, dlog_f, dbeta, dS_0 = way_back(below, dread, dS_T)
    return dq, dk, dwide[..., :-1], dlog_f, dbeta * beta, dS_0
