"""Logits for large vocabularies: a loss from samples, its bias, and entries sorted by frequency.

Of the V logits only those of the target and of K sampled entries are computed (Bengio & Senécal
2008; Jean et al. 2015).
"""

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor, nn

from unrolled import checks
from unrolled.datasets.text import check_ids


def sampled_loss(output: nn.Linear, h: Tensor, y: Tensor, q: Tensor, K: int, rng) -> Tensor:
    """The cross-entropy with K samples in place of all logits (eq-scale-sampled).

    Parameters
    ----------
    output : the layer of the logits, weight (V, H) and bias (V,)
    h, y : states (M, H) and targets (M,)
    q : how likely each entry is sampled (V,), all above 0
    K : samples, the same for all states; drawn with replacement
    rng : a generator of torch's

    Returns
    -------
    loss : the mean over the states, in nats. A sample that is the target does not count

    Raises
    ------
    ValueError : if shapes do not fit, or q is no distribution
    """
    _check(output, h, y, q)
    checks.whole(1, K=K)
    checks.kind("a generator of torch's", torch.Generator, rng=rng)
    samples = torch.multinomial(q, K, replacement=True, generator=rng)  # (K,)
    right = (h * output.weight[y]).sum(1) + output.bias[y]  # (M,)
    u = h @ output.weight[samples].T + output.bias[samples]  # (M, K)
    u = u - (K * q[samples]).log()  # each stands for 1 / (K q) others
    u = u.masked_fill(samples == y[:, None], -torch.inf)
    total = torch.cat([right[:, None], u], dim=1).logsumexp(dim=1)  # log of Z as estimated
    return (total - right).mean()


def sampled_bias(p: ndarray, y: ndarray, q: ndarray, K: int) -> ndarray:
    """How far the sampled loss is off on average, to first order in 1/K (eq-scale-bias).

    p (M, V) are the model's probabilities, y (M,) the targets, q (V,) as sampled -> (M,).
    """
    p, q = checks.array("p", p, "f"), checks.array("q", q, "f")
    checks.whole(1, K=K)
    if p.ndim != 2 or q.shape != p.shape[1:] or not (q > 0).all() or not np.isfinite(p).all():
        raise ValueError(f"p must be (M, V) and q (V,) above 0, got {p.shape} and {q.shape}")
    y = check_ids(y, p.shape[1], "y")
    if y.shape != p.shape[:1]:
        raise ValueError(f"y must be ({len(p)},), got {y.shape}")
    right = p[np.arange(len(y)), y]
    squares = (p * p / q).sum(axis=1) - right**2 / q[y]
    return -(squares - (1 - right) ** 2) / (2 * K)


def by_frequency(ids: ndarray, V: int) -> tuple[ndarray, ndarray]:
    """New numbers for the V entries, the commonest first -> number (V,), and how often each occurs.

    `number[ids]` are the text's new ids; the counts are in the new order.
    """
    checks.whole(1, V=V)
    counts = np.bincount(check_ids(ids, V).ravel(), minlength=V)
    order = np.argsort(-counts, kind="stable")
    number = np.empty(V, dtype=np.int64)
    number[order] = np.arange(V)
    return number, counts[order]


def _check(output: nn.Linear, h: Tensor, y: Tensor, q: Tensor) -> None:
    checks.kind("a linear layer with a bias", nn.Linear, output=output)
    checks.kind("a tensor", Tensor, h=h, y=y, q=q)
    V, H = output.weight.shape
    if h.ndim != 2 or h.shape[1] != H or h.dtype != output.weight.dtype:
        expected = f"(M, {H}) of {output.weight.dtype}"
        raise ValueError(f"h must be {expected}, got {checks.came(h)}")
    if y.shape != h.shape[:1] or y.dtype != torch.int64:
        raise ValueError(f"y must be {len(h)} whole numbers, got {checks.came(y)}")
    if len(y) and not 0 <= y.min() <= y.max() < V:
        raise ValueError(f"y must be from 0 to {V - 1}, got {y.min()} to {y.max()}")
    if q.shape != (V,) or not q.is_floating_point() or not ((q > 0) & q.isfinite()).all():
        raise ValueError(f"q must be ({V},), all above 0, got {checks.came(q)}")
