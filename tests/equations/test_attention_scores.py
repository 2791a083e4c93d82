"""The equations of attention-scores.md, each by an independent route."""

from itertools import product

import numpy as np
import pytest
import torch
from attentions import MASK, A, H, N, S, T, draw, softmax
from torch import nn

from unrolled.layers.attention import Additive, swap


@pytest.mark.equation("eq-attention-additive", tolerance=1e-12)
def test_additive(check, rng):
    """Left: scores as printed, and their softmax; right: scores by torch's layers, which read query
    and key as one, and the package's weights."""
    Q, K, M = draw(rng)
    layer = Additive(*(rng.normal(size=s) for s in [(H, A), (H, A), A]))
    _, tape = layer.forward(*map(swap, (Q, K, M)), MASK.T)

    def scores(f):
        e = np.zeros((N, T, S))
        for n, t, j in np.ndindex(e.shape):
            e[n, t, j] = f(Q[n, t], K[n, j])
        return e, softmax(np.where(MASK[:, None], e, -np.inf))

    W_q, W_k, w = layer.W_q, layer.W_k, layer.w
    W = torch.tensor(np.concatenate([W_q, W_k]).T)  # (A, 2H)

    def as_one(q, k):
        a = nn.functional.linear(torch.tensor(np.concatenate([q, k])), W)
        return torch.tanh(a) @ torch.tensor(w)

    planted = {
        "no tanh": scores(lambda q, k: (q @ W_q + k @ W_k) @ w),
        "a product inside": scores(lambda q, k: np.tanh((q @ W_q) * (k @ W_k)) @ w),
        "matrices exchanged": scores(lambda q, k: np.tanh(q @ W_k + k @ W_q) @ w),
        "tanh outside": scores(lambda q, k: np.tanh((q @ W_q + k @ W_k) @ w)),
        "two tanhs": scores(lambda q, k: (np.tanh(q @ W_q) + np.tanh(k @ W_k)) @ w),
    }
    left = scores(lambda q, k: np.tanh(q @ W_q + k @ W_k) @ w)
    check(left, (scores(as_one)[0], tape.alpha), planted=planted)


@pytest.mark.equation("eq-attention-variance", tolerance=1e-10)
def test_variance(check, rng):
    """Left: mean and variance by enumeration, entries with two unequal values each; right: as
    printed."""
    H = 3

    def values():
        """Two values with their probabilities, of mean 0."""
        p, high = rng.uniform(0.2, 0.8), rng.uniform(0.5, 2)
        return [(high, p), (-high * p / (1 - p), 1 - p)]

    q, k = values(), values()
    first = second = 0.0
    for draws in product(q, q, q, k, k, k):
        x, p = np.array(draws).T
        value = x[:H] @ x[H:]
        first, second = first + p.prod() * value, second + p.prod() * value**2
    var_q, var_k = (sum(p * x**2 for x, p in entry) for entry in (q, k))
    planted = {
        "the root of H": np.sqrt(H) * var_q * var_k,
        "H²": H**2 * var_q * var_k,
        "deviations": H * np.sqrt(var_q * var_k),
        "a sum": H * (var_q + var_k),
    }
    assert abs(first) < 1e-12
    check(second - first**2, H * var_q * var_k, planted=planted)
