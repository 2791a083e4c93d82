"""The equations of book/convolution/parallel-recurrence-backward.md, each by another route."""

import numpy as np
import pytest
import torch
from linear_steps import T, draw, states


def by_autograd(beta, gamma, s_0, cotangent):
    """Gradients of Σ cotangent·s at beta, gamma, s_0, and the states' total gradients."""
    leaves = [torch.tensor(a, requires_grad=True) for a in (beta, gamma, s_0)]
    s, kept = leaves[2], []
    for b, c in zip(leaves[0].unbind(0), leaves[1].unbind(0), strict=True):
        s = b + c * s
        s.retain_grad()
        kept.append(s)
    (torch.stack(kept) * torch.tensor(cotangent)).sum().backward()
    return [a.grad.numpy() for a in leaves], np.stack([a.grad.numpy() for a in kept])


def deltas(gamma, ds, late=1):
    """δ_T … δ_1 by the formula as printed, in the order of time; late=0: γ_t in place of γ_{t+1}"""
    delta = ds.copy()
    for t in reversed(range(T - 1)):
        delta[t] += gamma[t + late] * delta[t + 1]
    return delta


@pytest.mark.equation("eq-parallel-delta", tolerance=1e-12)
def test_delta(check, rng):
    """Left: from the last step to the first, as printed; right: autograd's total gradients."""
    beta, gamma, s_0 = draw(rng)
    ds = rng.normal(size=beta.shape)
    _, right = by_autograd(beta, gamma, s_0, ds)
    forwards = deltas(gamma[::-1], ds[::-1], late=0)[::-1]  # δ_t from δ_{t-1}
    planted = {
        "gamma of the same step": deltas(gamma, ds, late=0),
        "no way back": ds,
        "from the first step to the last": forwards,
        "gamma forgotten": deltas(np.ones_like(gamma), ds),
    }
    check(deltas(gamma, ds), right, planted=planted)


@pytest.mark.equation("eq-parallel-grads", tolerance=1e-12)
def test_grads(check, rng):
    """Left: the formulas; right: autograd at the leaves."""
    beta, gamma, s_0 = draw(rng)
    ds = rng.normal(size=beta.shape)
    right, _ = by_autograd(beta, gamma, s_0, ds)
    delta, s = deltas(gamma, ds), states(beta, gamma, s_0)
    first = gamma[0] * delta[0]
    planted = {
        "the state after the step": (delta, delta * s[1:], first),
        "s_0 without gamma": (delta, delta * s[:-1], delta[0]),
        "beta's slope times gamma": (gamma * delta, delta * s[:-1], first),
        "the loss's own slope for delta": (ds, ds * s[:-1], first),
        "beta for the state": (delta, delta * beta, first),
    }
    check((delta, delta * s[:-1], first), tuple(right), planted=planted)
