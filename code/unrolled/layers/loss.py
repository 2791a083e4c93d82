"""Softmax cross-entropy over any number of positions, and its gradient."""

import numpy as np
from numpy import ndarray

from unrolled import checks


def softmax(u: ndarray) -> ndarray:
    """Probabilities from logits u (..., V), along the last axis; safe for logits of any size.

    A logit of -inf has probability 0. Raises ValueError for NaN, +inf or a row of nothing but -inf.
    """
    u = check_logits(u)
    e = np.exp(u - largest(u))  # the largest becomes 0: exp cannot overflow
    return e / e.sum(axis=-1, keepdims=True)


def cross_entropy(u: ndarray, y: ndarray, mask: ndarray | None = None) -> tuple[float, ndarray]:
    """Mean of -log softmax(u)[y] over the positions that count, and its gradient.

    Parameters
    ----------
    u : (..., V) logits
    y : (...) integer targets in 0 ... V - 1; where the mask is False, any integer
    mask : (...) booleans, True where a position counts; None counts them all

    Returns
    -------
    loss : mean over the positions that count, in nats
    du : (..., V) its gradient, zero where the mask is False

    Raises
    ------
    ValueError : if shapes, types or targets do not fit, or if no position counts
    """
    u, y = check_logits(u), checks.array("y", y)
    if y.shape != u.shape[:-1] or y.dtype.kind not in "iu":
        raise ValueError(f"y must be integers {u.shape[:-1]}, got {y.dtype} {y.shape}")
    if mask is None:
        loss, du = rows_cross_entropy(u.reshape(-1, u.shape[-1]), y.reshape(-1))
        return loss, du.reshape(u.shape)
    mask = checks.array("mask", mask)
    if mask.shape != y.shape or mask.dtype != bool:
        raise ValueError(f"mask must be booleans {y.shape}, got {mask.dtype} {mask.shape}")
    loss, du_rows = rows_cross_entropy(u[mask], y[mask])
    du = np.zeros(u.shape, du_rows.dtype)
    du[mask] = du_rows
    return loss, du


def rows_cross_entropy(u: ndarray, y: ndarray) -> tuple[float, ndarray]:
    """The same where every row counts: u (R, V), y (R,) -> mean loss, du (R, V)."""
    u, y = check_logits(u), checks.array("y", y, "iu", "integers")
    if u.ndim != 2 or y.shape != u.shape[:1]:
        raise ValueError(f"u must be (R, V) and y (R,), got {u.shape} and {y.shape}")
    R, V = u.shape
    if R == 0:
        raise ValueError("u: at least one position must count, got none (or all masked)")
    if y.min() < 0 or y.max() >= V:
        raise ValueError(f"y must be in 0 ... {V - 1}, got {y.min()} ... {y.max()}")
    entries = np.arange(R), y  # one in each row
    u = u - largest(u)
    e = np.exp(u)
    total = e.sum(axis=1, keepdims=True)  # (R, 1)
    loss = np.sum(np.log(total[:, 0]) - u[entries]) / R
    e /= R * total
    e[entries] -= 1 / R  # prediction minus one-hot target, each over R: the loss is a mean
    return float(loss), e


def check_logits(u: ndarray) -> ndarray:
    """Logits as an array of floats; ValueError unless they are numbers (..., V)."""
    u = checks.array("u", u)
    if u.dtype.kind not in "fiu" or u.ndim == 0 or u.shape[-1] == 0:
        raise ValueError(f"u must be numbers (..., V), V at least 1, got {u.dtype} {u.shape}")
    return u if u.dtype.kind == "f" else u.astype(float)  # below zero, unsigned numbers wrap round


def largest(u: ndarray) -> ndarray:
    """The largest logit of each row, (..., 1); ValueError where it is NaN or infinite."""
    most = u.max(axis=-1, keepdims=True)
    if not np.isfinite(most).all():
        raise ValueError("u must have a finite largest logit in each row, got NaN or infinity")
    return most
