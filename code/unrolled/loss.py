"""Softmax cross-entropy over any number of positions, and its gradient."""

import numpy as np
from numpy import ndarray


def softmax(u: ndarray) -> ndarray:
    """Probabilities from logits u (..., V), along the last axis; safe for logits of any size."""
    e = np.exp(u - u.max(axis=-1, keepdims=True))  # the largest becomes 0: exp cannot overflow
    e /= e.sum(axis=-1, keepdims=True)
    return e


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
    du : (..., V) gradient of the loss, zero where the mask is False

    Raises
    ------
    ValueError : if shapes or types do not fit, a target is out of range, or no position counts
    """
    *positions, V = u.shape
    y, mask = np.asarray(y), np.ones(y.shape, bool) if mask is None else np.asarray(mask)
    if y.shape != tuple(positions) or not np.issubdtype(y.dtype, np.integer):
        raise ValueError(f"y must be integers {tuple(positions)}, got {y.dtype} {y.shape}")
    if mask.shape != y.shape or mask.dtype != bool:
        raise ValueError(f"mask must be booleans {y.shape}, got {mask.dtype} {mask.shape}")
    if not mask.any():
        raise ValueError(
            f"mask must leave at least one position, got {mask.size} masked of as many"
        )
    if y[mask].min() < 0 or y[mask].max() >= V:
        raise ValueError(f"y must be in 0 ... {V - 1}, got {y[mask].min()} ... {y[mask].max()}")
    target = np.where(mask, y, 0)[..., None]  # (..., 1)
    u = u - u.max(axis=-1, keepdims=True)
    du = np.exp(u)
    total = du.sum(axis=-1, keepdims=True)  # (..., 1)
    loss = (np.log(total) - np.take_along_axis(u, target, axis=-1))[mask].mean()
    du /= total
    np.put_along_axis(du, target, np.take_along_axis(du, target, axis=-1) - 1, axis=-1)
    du *= mask[..., None] / u.dtype.type(mask.sum())
    return float(loss), du
