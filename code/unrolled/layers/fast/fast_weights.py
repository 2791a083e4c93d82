"""Fast weights in blocks of steps: the same numbers as the plain loop, by products of matrices.

Let M be the matrix S before a block of C steps, and alpha[i] the product of the decays from the
block's beginning to its step i. Then, for all steps of the block at once, with lower triangular
A and L,

    L[i, j] = beta[i] alpha[i] / alpha[j] k[i] k[j]^T   for j < i
    A[i, j] = alpha[i] / alpha[j] q[i] k[j]^T           for j <= i
    (I + L) U = beta (V - alpha K M)                    what the steps write
    O = alpha Q M + A U                                 what they read

so that only M goes from block to block (`eq-linear-block`). Without the delta rule L = 0 and
U = beta V.
"""

from typing import NamedTuple

import numpy as np
from numpy import ndarray

from unrolled import checks
from unrolled.layers.fast_weights import check_weights
from unrolled.layers.layer_contract import check_tape, from_beyond, gradient_at

SMALL = 16  # triangles up to this size are inverted row by row


class Block(NamedTuple):
    """What the way back through one block needs. Sequences come first."""

    q: ndarray  # (N, C, H)
    k: ndarray  # (N, C, H)
    v: ndarray  # (N, C, D)
    beta: ndarray  # (N, C, 1)
    since: ndarray  # (N, C, 1), decay from the block's beginning to the step
    until: ndarray  # (N, C, 1), decay from the step to the block's end
    between: ndarray  # (N, C, C), decay from step j to step i, 0 for j > i
    A: ndarray  # (N, C, C)
    inverse: ndarray | None  # (N, C, C) of I + L; None without the delta rule
    u: ndarray  # (N, C, D)
    S: ndarray  # (N, H, D) before the block


class Tape(NamedTuple):
    """What `backward` needs."""

    o: ndarray  # (T, N, D)
    S_T: ndarray  # (N, H, D)
    blocks: list[Block]


def forward(
    q: ndarray,
    k: ndarray,
    v: ndarray,
    log_alpha: ndarray,
    beta: ndarray,
    S_0: ndarray,
    delta: bool = True,
    C: int = 64,
) -> tuple[ndarray, ndarray, Tape]:
    """As the plain `forward`, C steps at a time.

    Parameters
    ----------
    q, k, v, log_alpha, beta, S_0, delta : as in the plain `forward`
    C : steps in a block; 1 gives the recurrence, T the parallel form

    Returns
    -------
    o : (T, N, D) what the queries read
    S_T : (N, H, D) matrix after the last step
    tape : what `backward` needs

    Raises
    ------
    ValueError : if the shapes do not fit, an array is not of floats, or a log_alpha is above 0
    """
    check_weights(q, k, v, log_alpha, beta, S_0, delta)
    checks.whole(1, C=C)
    kind = np.result_type(q, k, v, log_alpha, beta)
    o, S, blocks = np.empty(v.shape, kind), S_0.astype(kind), []
    for t in range(0, len(k), C):
        steps = slice(t, t + C)
        its = [a[steps].swapaxes(0, 1) for a in (q, k, v, log_alpha, beta)]
        o_part, S, block = forward_block(its[0], its[1], its[2], its[3], its[4], S, delta)
        o[steps] = o_part.swapaxes(0, 1)
        blocks.append(block)
    return o, S, Tape(o, S, blocks)


def forward_block(
    q: ndarray,
    k: ndarray,
    v: ndarray,
    log_alpha: ndarray,
    beta: ndarray,
    S: ndarray,
    delta: bool,
) -> tuple[ndarray, ndarray, Block]:
    """All steps of a block at once (`eq-linear-block`).

    Parameters
    ----------
    q, k, v, log_alpha, beta : the block's steps, sequences first: (N, C, ...)
    S : (N, H, D) matrix before the block
    delta : whether the delta rule writes

    Returns
    -------
    o : (N, C, D) what the queries read
    S_next : (N, H, D) matrix after the block
    block : for the way back
    """
    total, beta = np.cumsum(log_alpha, axis=1), beta[..., None]
    since, until = np.exp(total)[..., None], np.exp(total[:, -1:] - total)[..., None]
    between = np.exp(np.minimum(total[:, :, None] - total[:, None], 0))
    between *= np.tri(total.shape[1], dtype=total.dtype)
    u, inverse = beta * v, None
    if delta:
        inverse = inverse_of_unit_lower(between * ((beta * k) @ k.swapaxes(1, 2)))
        u -= (beta * since * k) @ S
        u = inverse @ u
    A = between * (q @ k.swapaxes(1, 2))
    o = (since * q) @ S
    o += A @ u
    S_next = since[:, -1:] * S
    S_next += (until * k).swapaxes(1, 2) @ u
    return o, S_next, Block(q, k, v, beta, since, until, between, A, inverse, u, S)


def backward(
    tape: Tape, do: ndarray, dS_T: ndarray | None = None
) -> tuple[ndarray, ndarray, ndarray, ndarray, ndarray, ndarray]:
    """As the plain `backward`, block by block from the last to the first.

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
    o, S, blocks = tape
    (T, N, D), H = o.shape, S.shape[1]
    do, dS = gradient_at("do", do, o), from_beyond("dS_T", dS_T, S)
    grads = [np.empty(s, o.dtype) for s in [(T, N, H), (T, N, H), (T, N, D), (T, N), (T, N)]]
    for block in reversed(blocks):
        steps = slice(T - block.q.shape[1], T)
        its_do, its_o = do[steps].swapaxes(0, 1), o[steps].swapaxes(0, 1)
        *parts, dS = backward_block(block, its_do, its_o, dS, S)
        for a, part in zip(grads, parts, strict=True):
            a[steps] = part.swapaxes(0, 1)
        S, T = block.S, steps.start
    dq, dk, dv, dlog_alpha, dbeta = grads
    return dq, dk, dv, dlog_alpha, dbeta, dS


def backward_block(
    block: Block, do: ndarray, o: ndarray, dS_next: ndarray, S_next: ndarray
) -> tuple[ndarray, ndarray, ndarray, ndarray, ndarray, ndarray]:
    """do, o (N, C, D), dS_next, S_next (N, H, D) -> gradients at all that `forward_block` took."""
    q, k, v, beta, since, until, between, A, inverse, u, S = block
    du = A.swapaxes(1, 2) @ do + (until * k) @ dS_next
    dA = between * (do @ u.swapaxes(1, 2))
    dq = since * (do @ S.swapaxes(1, 2)) + dA @ k
    dk = until * (u @ dS_next.swapaxes(1, 2)) + dA.swapaxes(1, 2) @ q
    dS = since[:, -1:] * dS_next + (since * q).swapaxes(1, 2) @ do
    dr = du  # at r = beta (V - alpha K M), from which u was solved
    dbeta = np.zeros(do.shape[:2], do.dtype)
    if inverse is not None:
        dr = inverse.swapaxes(1, 2) @ du
        dL = between * (dr @ u.swapaxes(1, 2))  # but for its sign
        np.einsum("nii->ni", dL)[...] = 0  # L has no diagonal
        dbeta_k = dL @ k + since * (dr @ S.swapaxes(1, 2))
        dk -= beta * dbeta_k + dL.swapaxes(1, 2) @ (beta * k)
        dS -= (since * beta * k).swapaxes(1, 2) @ dr
        dbeta = -inner(dbeta_k, k)
    dv = beta * dr
    scaled = inner(do, o) - inner(dv, v)  # `eq-linear-back-decay`
    scaled[:, -1] += (dS_next * S_next).sum(axis=(1, 2))
    dlog_alpha = scaled[:, ::-1].cumsum(axis=1)[:, ::-1]
    return dq, dk, dv, dlog_alpha, dbeta + inner(dr, v), dS


def inner(a: ndarray, b: ndarray) -> ndarray:
    """a, b (N, C, ·) -> their products, summed over the last axis (N, C)."""
    return np.einsum("nci,nci->nc", a, b)


def inverse_of_unit_lower(L: ndarray) -> ndarray:
    """The inverse of I + L, where only what stands below the diagonal of L (..., C, C) counts.

    By halves, both at once: with I + L in four parts, the lower left one of the inverse is
    -(lower right)^-1 (lower left) (upper left)^-1.
    """
    C = L.shape[-1]
    X = np.zeros_like(L)
    if C <= SMALL or C % 2:
        X[..., range(C), range(C)] = 1
        for i in range(1, C):
            X[..., i, :i] = -(L[..., i, None, :i] @ X[..., :i, :i])[..., 0, :]
        return X
    first, second = slice(0, C // 2), slice(C // 2, None)
    upper, lower = inverse_of_unit_lower(np.stack([L[..., first, first], L[..., second, second]]))
    X[..., first, first], X[..., second, second] = upper, lower
    X[..., second, first] = -(lower @ (L[..., second, first] @ upper))
    return X
