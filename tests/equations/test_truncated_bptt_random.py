"""The equations of book/training/truncated-bptt-random.md, each against an independent route."""

from itertools import product

import numpy as np
import pytest
from cut_networks import H, Net, T, recursion


@pytest.mark.equation("eq-truncation-unbiased", tolerance=1e-12)
def test_unbiased(check, rng):
    """Left: mean over all patterns of cuts, each by the recursion; right: autograd, uncut."""
    net = Net.draw(rng)
    q = np.concatenate([[1.0, 1.0], rng.uniform(0.3, 0.9, size=T - 1)])  # q_2 … q_T

    def mean(factor):
        total = np.zeros((H, H))
        for pattern in product([0, 1], repeat=T - 1):
            kept = np.array([1, 1, *pattern])
            total += np.where(kept, q, 1 - q).prod() * recursion(net, factor(kept))
        return total

    once = [recursion(net, np.where(np.arange(T + 1) > 1, f, 1.0)) for f in (0.0, 1 / q[2])]
    planted = {
        "not divided (deck D1)": mean(lambda kept: kept.astype(float)),
        "one draw for all steps": (1 - q[2]) * once[0] + q[2] * once[1],
        "divided by 1 - q": mean(lambda kept: kept / np.where(q < 1, 1 - q, 1)),
    }
    check(net.autograd(), mean(lambda kept: kept / q), planted=planted)


@pytest.mark.equation("eq-truncation-moment", tolerance=1e-12)
def test_moment(check, rng):
    """Left: expectation over the values of K; right: the sum over tails."""
    G = rng.normal(size=T)
    p = np.concatenate([[1.0], np.sort(rng.uniform(0.1, 0.9, size=T - 1))[::-1]])  # P(K ≥ m)
    exactly = p - np.append(p[1:], 0)  # P(K = m), all beyond T - 1 counted with T - 1
    left = sum(exactly[K] * (G[: K + 1] / p[: K + 1]).sum() ** 2 for K in range(T))
    R = np.append(G[::-1].cumsum()[::-1], 0)
    planted = {
        "independent terms": (G**2 / p).sum(),
        "square of the mean": G.sum() ** 2,
        "tails alone": (R[:-1] ** 2 / p).sum(),
    }
    check(left, ((R[:-1] ** 2 - R[1:] ** 2) / p).sum(), planted=planted)


@pytest.mark.equation("eq-truncation-variance", tolerance=1e-9)
def test_variance(check, rng):
    """Left: E and E² over the length of the stretch, summed far out; right: closed form.

    Where the limit is infinite there is nothing to compare: the last lines watch it grow.
    """
    gamma = rng.uniform(0.3, 0.8)
    q = gamma**2 + rng.uniform(0.3, 0.9) * (1 - gamma**2)

    def moments(q, most):
        K = np.arange(most)
        estimate = ((gamma / q) ** K).cumsum()  # Σ γ^m / q^m up to K
        chance = np.where(most - 1 > K, (1 - q) * q**K, q**K)
        return chance @ estimate, chance @ estimate**2

    first, second = moments(q, 1500)
    right = gamma**2 * (1 - q) / ((1 - gamma) ** 2 * (q - gamma**2))
    planted = {
        "second moment": (1 - gamma**2) * q / ((1 - gamma) ** 2 * (q - gamma**2)),
        "q - γ for q - γ²": gamma**2 * (1 - q) / ((1 - gamma) ** 2 * (q - gamma)),
        "γ² q for γ² / q": gamma**2 * (1 - q) / ((1 - gamma) ** 2 * (1 - gamma**2 * q)),
    }
    check(second - first**2, right, planted=planted)
    short, middle, far = (moments(0.9 * gamma**2, most)[1] for most in (50, 100, 150))
    assert far / middle > 50 < middle / short  # by 1.11 for each step
