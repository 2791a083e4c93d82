"""Softmax cross-entropy over any number of positions, and its gradient."""

import numpy as np
from numpy import ndarray


def softmax(u: ndarray) -> ndarray:
    """Probabilities from logits u (..., V), along the last axis; safe for logits of any size."""
    e = np.exp(u - u.max(axis=-1, keepdims=True))  # the largest becomes 0: exp cannot overflow
    return e / e.sum(axis=-1, keepdims=True)


def cross_entropy(u: ndarray, y: ndarray, mask: ndarray | None = None) -> tuple[float, ndarray]:
    """Mean of -log softmax(u)[y] in nats over the positions that count, and its gradient.

    Parameters: u (..., V), logits; y (...), integer targets in 0 ... V - 1; mask (...), booleans,
    True where a position counts (None: everywhere). Where it is False, y may hold any integer.
    Returns: the loss; du (..., V), its gradient, zero where the mask is False.
    Raises: ValueError if shapes, types or targets do not fit, or if no position counts.
    """
    mask = np.ones(y.shape, bool) if mask is None else mask
    if not y.shape == mask.shape == u.shape[:-1]:
        raise ValueError(f"y and mask must be {u.shape[:-1]}, got {y.shape} and {mask.shape}")
    if y.dtype.kind not in "iu" or mask.dtype != bool:
        raise ValueError(f"y must be integers, mask booleans, got {y.dtype} and {mask.dtype}")
    if not mask.any():
        raise ValueError(f"mask must leave a position that counts, got {mask.size} masked of all")
    V, target = u.shape[-1], y[mask]  # (positions that count,)
    if target.min() < 0 or target.max() >= V:
        raise ValueError(f"y must be in 0 ... {V - 1}, got {target.min()} ... {target.max()}")
    loss, du_rows = _rows(u[mask], target)
    du = np.zeros(u.shape, du_rows.dtype)
    du[mask] = du_rows
    return loss, du


def _rows(u: ndarray, target: ndarray) -> tuple[float, ndarray]:
    """The same without masks and checks: u (R, V), target (R,) -> mean loss, du (R, V)."""
    here = np.arange(len(u)), target  # one entry in each row
    u = u - u.max(axis=1, keepdims=True)
    e = np.exp(u)
    total = e.sum(axis=1, keepdims=True)  # (R, 1)
    loss = np.mean(np.log(total[:, 0]) - u[here])
    du = e / total
    du[here] -= 1  # prediction minus one-hot target
    return float(loss), du / len(u)
