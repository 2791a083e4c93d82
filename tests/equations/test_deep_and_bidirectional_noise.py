"""The equations of book/gates/deep-and-bidirectional-noise.md, each by two routes."""

from itertools import product

import numpy as np
import pytest
import torch
from plain_layers import D, H, N, T, twin, weights


def normalised(a, epsilon=0.1):
    """â and r, as printed."""
    mu = a.sum(axis=-1, keepdims=True) / a.shape[-1]
    r = np.sqrt(((a - mu) ** 2).sum(axis=-1, keepdims=True) / a.shape[-1] + epsilon)
    return (a - mu) / r, r


def normalised_by_torch(a, epsilon=0.1):
    return torch.nn.functional.layer_norm(a, a.shape[-1:], eps=epsilon)


@pytest.mark.equation("eq-deep-dropout", tolerance=1e-12)
def test_dropout(check, rng):
    """Left: masked inputs and states, as printed; right: torch's RNN with thinned weights."""
    W_xh, W_hh, b_h = weights(rng, D, H)
    x, q = rng.normal(size=(T, 1, D)), rng.uniform(0.2, 0.4)
    m, n = ((rng.permutation(size) % 2) / (1 - q) for size in (D, H))  # half of them dropped

    def masked(masks):
        h, states = np.ones((1, H)), []
        for x_t, n_t in zip(x, masks, strict=True):
            h = np.tanh((m * x_t) @ W_xh + (n_t * h) @ W_hh + b_h)
            states.append(h)
        return np.array(states)

    thinned = twin([(np.diag(m) @ W_xh, np.diag(n) @ W_hh, b_h)])
    right, _ = thinned(torch.tensor(x), torch.ones(1, 1, H).double())
    columns, _ = twin([(W_xh @ np.diag(np.ones(H)), W_hh @ np.diag(n), b_h)])(
        torch.tensor(m * x), torch.ones(1, 1, H).double()
    )
    fresh = masked([rng.permutation(n) if t else 1 / (1 - q) - n for t in range(T)])
    m_only, _ = twin([(np.diag(m) @ W_xh, W_hh, b_h)])(
        torch.tensor(x), torch.ones(1, 1, H).double()
    )
    planted = {
        "a fresh mask at each step": fresh,
        "columns instead of rows": columns,
        "states not dropped": m_only,
        "not divided by 1 - q": masked([n * (1 - q)] * T),
    }
    check(masked([n] * T), right, planted=planted)


@pytest.mark.equation("eq-deep-noise", tolerance=1e-12)
def test_noise(check, rng):
    """Left: the variance over all 2^k sequences of masks, enumerated; right: the formula."""
    q, k = rng.uniform(0.1, 0.6), 7
    mean = square = 0
    for kept in product((0, 1), repeat=k):
        probability = np.prod([1 - q if bit else q for bit in kept])
        value = np.prod([bit / (1 - q) for bit in kept])
        mean, square = mean + probability * value, square + probability * value**2
    planted = {
        "variances added": k * q / (1 - q),
        "the second moment": (1 - q) ** -k,
        "masks that are not divided by 1 - q": (1 - q) ** k - (1 - q) ** (2 * k),
    }
    check(square - mean**2, (1 - q) ** -k - 1, planted=planted)


@pytest.mark.equation("eq-deep-norm", tolerance=1e-12)
def test_norm(check, rng):
    """Left: as printed; right: torch's layer_norm."""
    a, g, s = 3 + rng.normal(size=(N, H)), rng.normal(size=H), rng.normal(size=H)
    right = normalised_by_torch(torch.tensor(a)) * torch.tensor(g) + torch.tensor(s)
    unbiased = (a - a.mean(-1, keepdims=True)) / np.sqrt(a.var(-1, ddof=1, keepdims=True) + 0.1)
    columns, _ = normalised(a.T)
    outside = (a - a.mean(-1, keepdims=True)) / (a.std(-1, keepdims=True) + 0.1)
    planted = {
        "divided by H - 1": g * unbiased + s,
        "over the batch": g * columns.T + s,
        "ε outside the root": g * outside + s,
    }
    check(g * normalised(a)[0] + s, right, planted=planted)


@pytest.mark.equation("eq-deep-norm-jacobian", tolerance=1e-10)
def test_norm_jacobian(check, rng):
    """Left: the Jacobian as printed; right: torch's, of its layer_norm, by autograd."""
    a = rng.normal(size=H)
    a_hat, r = normalised(a)
    right = torch.autograd.functional.jacobian(normalised_by_torch, torch.tensor(a))
    outer = np.outer(a_hat, a_hat) / H
    planted = {
        "variance held fixed": (np.eye(H) - 1 / H) / r,
        "mean held fixed": (np.eye(H) - outer) / r,
        "not divided by r": np.eye(H) - 1 / H - outer,
    }
    check((np.eye(H) - 1 / H - outer) / r, right, planted=planted)


@pytest.mark.equation("eq-deep-norm-back", tolerance=1e-10)
def test_norm_back(check, rng):
    """Left: the formula as printed, rows of a batch; right: autograd through torch's layer_norm."""
    a, d = rng.normal(size=(N, H)), rng.normal(size=(N, H))
    leaf = torch.tensor(a, requires_grad=True)
    (right,) = torch.autograd.grad((torch.tensor(d) * normalised_by_torch(leaf)).sum(), leaf)
    a_hat, r = normalised(a)
    mean, along = d.mean(-1, keepdims=True), (d * a_hat).mean(-1, keepdims=True)
    planted = {
        "the mean stays": (d - a_hat * along) / r,
        "the part along â stays": (d - mean) / r,
        "summed, not averaged": (d - H * mean - a_hat * H * along) / r,
    }
    check((d - mean - a_hat * along) / r, right, planted=planted)
