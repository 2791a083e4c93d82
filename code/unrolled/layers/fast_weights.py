"""Attention as a recurrence: a matrix of associations, written and read at each step.

    u = beta[t] (v[t] - alpha[t] k[t] S[t-1])     what is missing under the key, with the delta rule
    u = beta[t] v[t]                              or the value itself, without it
    S[t] = alpha[t] S[t-1] + k[t]^T u             decay, then write
    o[t] = q[t] S[t]                              read

For each of N sequences S is a matrix H x D, a key k and a query q are rows of H numbers, a value v
and an output o are rows of D numbers, the decay alpha and the strength beta are single numbers.
The decay is given by its logarithm, which does not lose a gate that is almost shut. With alpha = 1
and beta = 1, and without the delta rule, this is linear attention (Katharopoulos et al. 2020); with
the delta rule it is DeltaNet (Schlag et al. 2021), and with a decay as well gated DeltaNet (Yang,
Kautz and Hatamizadeh 2025). `fast.fast_weights` does the same in blocks of steps.
"""

from typing import NamedTuple

import numpy as np
from numpy import ndarray

from unrolled import checks
from unrolled.layers.layer_contract import check, check_tape, from_beyond, gradient_at


class Tape(NamedTuple):
    """What `backward` needs."""

    q: ndarray  # (T, N, H)
    k: ndarray  # (T, N, H)
    v: ndarray  # (T, N, D)
    log_alpha: ndarray  # (T, N)
    beta: ndarray  # (T, N)
    S: ndarray  # (T + 1, N, H, D); S[t + 1] is the matrix after step t, S[0] the initial one
    u: ndarray  # (T, N, D), what each step wrote
    delta: bool


def read(q: ndarray, S: ndarray) -> ndarray:
    """q (N, H), S (N, H, D) -> what lies under each sequence's key, q S (N, D)."""
    return (q[:, None] @ S)[:, 0]


def outer(k: ndarray, u: ndarray) -> ndarray:
    """k (N, H), u (N, D) -> the matrix that holds u under k, for each sequence (N, H, D)."""
    return k[:, :, None] * u[:, None]


def forward(
    q: ndarray,
    k: ndarray,
    v: ndarray,
    log_alpha: ndarray,
    beta: ndarray,
    S_0: ndarray,
    delta: bool = True,
) -> tuple[ndarray, ndarray, Tape]:
    """Write and read step by step (`eq-linear-gated`); with T = 0 nothing is written.

    Parameters
    ----------
    q, k : (T, N, H) queries and keys; with the delta rule, keys of length 1
    v : (T, N, D) values
    log_alpha : (T, N) logarithms of the decays, 0 for none
    beta : (T, N) strengths, 1 to write the whole value
    S_0 : (N, H, D) matrix before the first step
    delta : write what is missing (the delta rule), rather than the value

    Returns
    -------
    o : (T, N, D) what the queries read, each after its step has written
    S_T : (N, H, D) matrix after the last step
    tape : what `backward` needs

    Raises
    ------
    ValueError : if the shapes do not fit, an array is not of floats, or a log_alpha is above 0
    """
    check_weights(q, k, v, log_alpha, beta, S_0, delta)
    T, alpha = len(k), np.exp(log_alpha)[..., None]  # (T, N, 1)
    kind = np.result_type(q, k, v, log_alpha, beta)
    S = np.empty((T + 1, *S_0.shape), kind)
    S[0] = S_0
    o, u = np.empty(v.shape, kind), np.empty(v.shape, kind)
    for t in range(T):
        found = alpha[t] * read(k[t], S[t]) if delta else 0
        u[t] = beta[t, :, None] * (v[t] - found)
        S[t + 1] = alpha[t, ..., None] * S[t] + outer(k[t], u[t])
        o[t] = read(q[t], S[t + 1])
    return o, S[T], Tape(q, k, v, log_alpha, beta, S, u, delta)


def backward(
    tape: Tape, do: ndarray, dS_T: ndarray | None = None
) -> tuple[ndarray, ndarray, ndarray, ndarray, ndarray, ndarray]:
    """From the last step to the first (`eq-linear-back`).

    Parameters
    ----------
    tape : from `forward`; it stays as it was
    do : (T, N, D) gradient at each output
    dS_T : (N, H, D) what comes back to the last matrix from elsewhere; None for nothing

    Returns
    -------
    dq, dk, dv, dlog_alpha, dbeta, dS_0 : gradients, each of the shape of what it belongs to

    Raises
    ------
    ValueError : if do or dS_T has another shape than what it belongs to, or is not of floats
    """
    check_tape(tape, Tape)
    q, k, v, log_alpha, beta, S, u, delta = tape
    do = gradient_at("do", do, u)
    dS = from_beyond("dS_T", dS_T, S[-1])
    dq, dk, dv, dlog_alpha, dbeta = (np.empty(a.shape, S.dtype) for a in tape[:5])
    alpha = np.exp(log_alpha)[..., None]  # (T, N, 1)
    for t in reversed(range(len(k))):
        dS += outer(q[t], do[t])  # the read
        dq[t] = read(do[t], S[t + 1].swapaxes(1, 2))
        du = read(k[t], dS)  # the write
        dk[t] = read(u[t], dS.swapaxes(1, 2))
        dv[t] = beta[t, :, None] * du
        found = read(k[t], S[t])  # before the decay
        dbeta[t] = (du * (v[t] - delta * alpha[t] * found)).sum(axis=1)
        if delta:  # u looked at S[t - 1] as well
            dS -= outer(k[t], dv[t])
            dk[t] -= alpha[t] * read(dv[t], S[t].swapaxes(1, 2))
        dS *= alpha[t, ..., None]  # now at S[t], before the decay
        dlog_alpha[t] = (dS * S[t]).sum(axis=(1, 2))
    return dq, dk, dv, dlog_alpha, dbeta, dS


def check_weights(
    q: ndarray,
    k: ndarray,
    v: ndarray,
    log_alpha: ndarray,
    beta: ndarray,
    S_0: ndarray,
    delta: bool,
) -> None:
    """ValueError unless the shapes fit each other and every decay is at most 1.

    Parameters
    ----------
    q, k, v, log_alpha, beta, S_0, delta : as `forward` takes them
    """
    T, N, H = check("k", k, "T", "N", "H")
    check("q", q, T, N, H)
    *_, D = check("v", v, T, N, "D")
    check("log_alpha", log_alpha, T, N)
    check("beta", beta, T, N)
    check("S_0", S_0, N, H, D)
    checks.kind("True or False", bool, delta=delta)
    if (log_alpha > 0).any():
        raise ValueError(f"log_alpha must be at most 0, got {log_alpha.max()}")
