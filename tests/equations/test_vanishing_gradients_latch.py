"""The equations of book/training/vanishing-gradients-latch.md, each by another route."""

import numpy as np
import pytest
import torch


def excess(least, most):
    """By how much the inequality least ≤ most is broken, in all; zero where it holds."""
    least, most = np.asarray(least), np.asarray(most)
    return np.maximum(least - most * (1 + 1e-9), 0).sum()


def psi_roots(w, m):
    """ξ₋ and ξ₊, by bisection on either side of the maximum."""
    top, ends = np.sqrt(1 - 1 / w), []
    for outside in (0.0, 1 - 1e-16):
        inside = top
        for _ in range(200):
            middle = (inside + outside) / 2
            if w * middle - np.arctanh(middle) > m:
                inside = middle
            else:
                outside = middle
        ends.append(inside)
    return ends


def noise_limit(w):
    return np.sqrt(w * (w - 1)) - np.arctanh(np.sqrt(1 - 1 / w))


@pytest.mark.equation("eq-vanishing-latch", tolerance=1e-9)
def test_latch(check, rng):
    """Left: torch.nn.RNN with one unit, noise as its input; right: the formula, step by step."""
    w, epsilon = rng.uniform(1.15, 1.35), rng.uniform(-0.07, 0.07, size=30)
    rnn = torch.nn.RNN(1, 1, bias=False).double()
    with torch.no_grad():
        rnn.weight_ih_l0.fill_(1.0)
        rnn.weight_hh_l0.fill_(w)
        left = rnn(torch.tensor(epsilon)[:, None, None], torch.ones(1, 1, 1).double())[0].flatten()

    def run(f):
        h, states = 1.0, []
        for e in epsilon:
            h = f(h, e)
            states.append(h)
        return states

    planted = {
        "noise outside": run(lambda h, e: np.tanh(w * h) + e),
        "noise amplified": run(lambda h, e: np.tanh(w * (h + e))),
        "weight forgotten": run(lambda h, e: np.tanh(h + e)),
        "no tanh": run(lambda h, e: w * h + e),
        "noise alone": run(lambda h, e: np.tanh(w + e)),
    }
    check(left, run(lambda h, e: np.tanh(w * h + e)), planted=planted)


@pytest.mark.equation("eq-vanishing-noise", tolerance=1e-6)
def test_noise(check, rng):
    """Left: the largest constant noise a simulated latch survives; right: the formula."""
    w = np.array([1.25, 2.0, 1.1 + 2 * rng.random()])
    low, high = np.zeros(3), 2 * w
    for _ in range(40):
        m = (low + high) / 2
        h = np.ones(3)
        for _ in range(8000):
            h = np.tanh(w * h - m)
        low, high = np.where(h > 0, m, low), np.where(h > 0, high, m)
    planted = {
        "w - 1": w - 1,
        "tanh for artanh": np.sqrt(w * (w - 1)) - np.tanh(np.sqrt(1 - 1 / w)),
        "at the fixed point without noise": w * 0.9 - np.arctanh(0.9),
    }
    check(low, noise_limit(w), planted=planted)


@pytest.mark.equation("eq-vanishing-kappa", tolerance=1e-7)
def test_kappa(check, rng):
    """Left: ∂h_t/∂h_k by finite differences, equal to κⁿ in the worst case, else below it."""
    w, n = 1.2 + rng.random(), 4
    m = 0.6 * noise_limit(w)
    low, high = psi_roots(w, m)
    kappa = w * (1 - high**2)

    def run(h, noise):
        for e in noise:
            h = np.tanh(w * h + e)
        return h

    def reach(start, noise):
        return (run(start + 1e-5, noise) - run(start - 1e-5, noise)) / 2e-5

    lefts = [reach(rng.uniform(high, 1), rng.uniform(-m, m, size=n)) for _ in range(200)]
    below = [reach(rng.uniform(low, high), -m * np.ones(n)) for _ in range(200)]
    held = min(run(rng.uniform(low + 1e-3, 1), -m * np.ones(3000)) for _ in range(20))
    left = (0.0, reach(high, -m * np.ones(n)), high)
    planted = {
        "κ at ξ₋": (0.0, (w * (1 - low**2)) ** n, high),
        "also below ξ₊": (excess(below, kappa**n), kappa**n, held),
        "weight forgotten": (0.0, (1 - high**2) ** n, held),
        "one factor too many": (0.0, kappa ** (n + 1), held),
    }
    assert kappa < 1
    check(left, (excess(lefts, kappa**n), kappa**n, held), planted=planted)
