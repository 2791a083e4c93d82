"""The recurrence s[t] = beta[t] + gamma[t] * s[t-1], entry by entry, in three orders of work.

`sequential` goes step by step; `two_level` walks through many blocks at once; `tree` merges
neighbouring steps until few are left. All of them fill the same array with the same numbers:
s (T + 1, ...), where s[t] is the state after step t and s[0] is given. The gradient is a recurrence
of the same kind from the last step to the first, so `backward` calls the same function.
"""

from collections.abc import Callable
from math import isqrt
from typing import NamedTuple

import numpy as np
from numpy import ndarray

from unrolled import checks
from unrolled.layers.layer_contract import check, check_tape, from_beyond, gradient_at

SHORT = 8  # steps below which `tree` finds nothing to gain


def sequential(s: ndarray, beta: ndarray, gamma: ndarray) -> None:
    """Fill s[1:] step by step (`eq-parallel-recurrence`): T times two small operations."""
    for t in range(len(beta)):
        np.multiply(gamma[t], s[t], out=s[t + 1, ...])
        s[t + 1] += beta[t]


def two_level(s: ndarray, beta: ndarray, gamma: ndarray) -> None:
    """Fill s[1:]: all blocks of about √T steps in step, then block after block.

    Each block starts from zero and keeps the product of its gammas; once the state before it is
    known, that product says what to add (`eq-parallel-prefix`).
    """
    L = max(isqrt(len(beta)), 1)  # steps in a block
    blocks = len(beta) // L
    whole = blocks * L
    # (L, blocks, ...): what the blocks do at the same time lies side by side
    b, c = (
        np.swapaxes(a[:whole].reshape(blocks, L, *a.shape[1:]), 0, 1).copy() for a in (beta, gamma)
    )
    for j in range(1, L):
        b[j] += c[j] * b[j - 1]
        c[j] *= c[j - 1]
    for k, start in enumerate(range(0, whole, L)):
        np.multiply(c[:, k], s[start], out=s[start + 1 : start + L + 1])
        s[start + 1 : start + L + 1] += b[:, k]
    sequential(s[whole:], beta[whole:], gamma[whole:])  # fewer than L steps


def tree(s: ndarray, beta: ndarray, gamma: ndarray) -> None:
    """Fill s[1:]: merge pairs of steps, solve for every second state, fill in the others.

    2 log2(T) rounds of whole-array operations, five for each pair of steps (`eq-parallel-work`).
    """
    if len(beta) < SHORT:
        return sequential(s, beta, gamma)
    first, second = slice(0, len(beta) - 1, 2), slice(1, None, 2)
    pair = gamma[second] * beta[first]
    pair += beta[second]  # `eq-parallel-pairs`
    tree(s[::2], pair, gamma[second] * gamma[first])
    between = s[1::2]
    np.multiply(gamma[::2], s[:-1:2], out=between)
    between += beta[::2]


Fill = Callable[[ndarray, ndarray, ndarray], None]


class Tape(NamedTuple):
    """What `backward` needs."""

    s: ndarray  # (T + 1, ...); s[t] is the state after step t, s[0] the initial one
    gamma: ndarray  # (T, ...)
    fill: Fill


def forward(
    beta: ndarray, gamma: ndarray, s_0: ndarray | float, fill: Fill = tree
) -> tuple[ndarray, Tape]:
    """All states of the recurrence; with T = 0 there are none.

    Parameters
    ----------
    beta, gamma : (T, ...) what each step adds, and what it multiplies by
    s_0 : (...) state before the first step
    fill : `sequential`, `two_level` or `tree`

    Returns
    -------
    s : (T, ...) state after each step
    tape : what `backward` needs

    Raises
    ------
    ValueError : if the shapes do not fit, or beta and gamma are not of floats
    """
    checks.function(fill=fill)
    shape, shape_0 = checks.array("beta", beta).shape, checks.array("s_0", s_0).shape
    if not shape or checks.array("gamma", gamma).shape != shape or shape_0 != shape[1:]:
        raise ValueError(
            "expected beta and gamma (T, ...) and s_0 (...), "
            f"got {shape}, {np.shape(gamma)} and {shape_0}"
        )
    check("beta", beta, *shape)
    check("gamma", gamma, *shape)
    if (kind := np.asarray(s_0).dtype).kind not in "fiu":
        raise ValueError(f"s_0 must be numbers {shape_0}, got {kind}")
    s = np.empty((len(beta) + 1, *beta.shape[1:]), np.result_type(beta, gamma))
    s[0] = s_0
    fill(s, beta, gamma)
    return s[1:], Tape(s, gamma, fill)


def backward(
    tape: Tape, ds: ndarray, dlast_state: ndarray | float | None = None
) -> tuple[ndarray, ndarray, ndarray]:
    """The same recurrence from the last step to the first (`eq-parallel-delta`).

    Parameters
    ----------
    tape : from `forward`; it stays as it was
    ds : (T, ...) ∂ℓ_t/∂s_t, the gradient of each step's own loss at its state
    dlast_state : (...) what comes back to s_T from beyond the last step; None for nothing

    Returns
    -------
    dbeta, dgamma : (T, ...) gradients (`eq-parallel-grads`)
    ds_0 : (...) gradient at the initial state

    Raises
    ------
    ValueError : if ds or dlast_state has not the states' shape, or is not of floats
    """
    check_tape(tape, Tape)
    s, gamma, fill = tape
    ds = gradient_at("ds", ds, s[1:])
    if isinstance(dlast_state, float | np.floating):  # what belongs to a single number's state
        dlast_state = np.asarray(dlast_state)
    beyond = from_beyond("dlast_state", dlast_state, s[-1, ...])
    delta = np.empty(gamma.shape, s.dtype)
    if len(delta) == 0:  # without a step there is nothing between s_T and s_0
        return delta, delta.copy(), beyond
    delta[-1] = ds[-1] + beyond
    fill(delta[::-1], ds[:-1][::-1], gamma[1:][::-1])
    return delta, delta * s[:-1], gamma[0] * delta[0]
