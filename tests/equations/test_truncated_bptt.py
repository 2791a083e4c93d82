"""The equations of book/training/truncated-bptt.md, each against an independent route."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest
import torch

T, N, D, H = 7, 2, 3, 4
STEPS = range(1, T + 1)  # arrays below have a place 0 that is not used, so steps count from 1


@dataclass
class Net:
    """A plain network and a loss at every step, ℓ_t = sum(C_t * sin(h_t))."""

    x: np.ndarray  # (T + 1, N, D)
    h_0: np.ndarray  # (N, H)
    W_xh: np.ndarray
    W_hh: np.ndarray
    C: np.ndarray  # (T + 1, N, H)

    @classmethod
    def draw(cls, rng):
        shapes = [(T + 1, N, D), (N, H), (D, H), (H, H), (T + 1, N, H)]
        scale = [1, 1, 0.4, 0.6, 1]
        return cls(*(s * rng.normal(size=shape) for s, shape in zip(scale, shapes, strict=True)))

    def states(self):
        h = [self.h_0]
        for t in STEPS:
            h.append(np.tanh(self.x[t] @ self.W_xh + h[-1] @ self.W_hh))
        return h

    def autograd(self, losses=STEPS, uses=STEPS, factors=None, every_use=False):
        """∂(sum of ℓ_t, t in losses)/∂W_hh; only the W_hh of the steps `uses` counts.

        `factors[t]` multiplies what flows back from step t to t - 1. `every_use`: one gradient
        for each use, in a list, place k for step k.
        """
        copies = {k: torch.tensor(self.W_hh, requires_grad=True) for k in STEPS}
        h, L = torch.tensor(self.h_0), torch.zeros((), dtype=torch.float64)
        for t in STEPS:
            if factors is not None:
                h = factors[t] * h + (1 - factors[t]) * h.detach()
            h = torch.tanh(torch.tensor(self.x[t] @ self.W_xh) + h @ copies[t])
            if t in losses:
                L = L + (torch.tensor(self.C[t]) * torch.sin(h)).sum()
        found = torch.autograd.grad(L, list(copies.values()), allow_unused=True)
        parts = [np.zeros((H, H)) if g is None else g.numpy() for g in found]
        return [None, *parts] if every_use else sum(parts[k - 1] for k in uses)

    def terms(self):
        """G_{t,k} by autograd, one loss and one use at a time."""
        rows = {t: self.autograd(losses=[t], every_use=True) for t in STEPS}
        return {(t, k): rows[t][k] for t in STEPS for k in range(1, t + 1)}


def recursion(net, factors, transpose=True, place=1):
    """Σ h_{t-1}ᵀΔ_t by the recursion as printed; place 1: ξ_{t+1} multiplies Δ_{t+1}."""
    h, W = net.states(), net.W_hh.T if transpose else net.W_hh
    total, Delta = np.zeros((H, H)), np.zeros((N, H))
    factors = [*factors, 1.0, 1.0]
    for t in reversed(STEPS):
        own = net.C[t] * np.cos(h[t])
        Delta = (own + factors[t + place] * Delta @ W) * (1 - h[t] ** 2)
        total += h[t - 1].T @ Delta
    return total


@pytest.mark.equation("eq-truncation-recursion", tolerance=1e-12)
def test_recursion(check, rng):
    """Left: autograd, the state mixed with its detached copy; right: the recursion."""
    net = Net.draw(rng)
    factors = rng.choice([0.0, 0.7, 1.0, 2.5], size=T + 1)
    factors[3:5] = 0.0, 1.6
    planted = {
        "ξ_t for ξ_{t+1}": recursion(net, factors, place=0),
        "W_hh not transposed": recursion(net, factors, transpose=False),
        "no cut": recursion(net, np.ones(T + 1)),
    }
    check(net.autograd(factors=factors), recursion(net, factors), planted=planted)


@pytest.mark.equation("eq-truncation-weights", tolerance=1e-12)
def test_weights(check, rng):
    """Left: the recursion with factors; right: products of factors times G_{t,k} by autograd."""
    net = Net.draw(rng)
    factors = rng.uniform(0.3, 1.7, size=T + 1)
    G = net.terms()

    def printed(first=1, last=0):
        return sum(factors[k + first : t + 1 + last].prod() * G[t, k] for t, k in G)

    planted = {
        "product from k": printed(first=0),
        "product to t - 1": printed(last=-1),
        "unweighted": sum(G.values()),
    }
    check(recursion(net, factors), printed(), planted=planted)


@pytest.mark.equation("eq-truncation-lags", tolerance=1e-12)
def test_lags(check, rng):
    """Left: autograd at once; right: sums over t at equal lag of G_{t,k}, term by term."""
    net = Net.draw(rng)
    G = net.terms()

    def printed(least=0, most=T - 1, first=1, weight=lambda m: 1):
        rows = [(m, t) for m in range(least, most + 1) for t in range(m + first, T + 1)]
        return sum(weight(m) * G[t, t - m] for m, t in rows)

    planted = {
        "last lag left out": printed(most=T - 2),
        "lags from 1: the immediate use left out": printed(least=1),
        "sums from t = m + 2": printed(first=2),
        "each lag averaged": printed(weight=lambda m: 1 / (T - m)),
    }
    check(net.autograd(), printed(), planted=planted)


def sweeps(net, k1, k2, phase):
    """TBPTT by autograd: sweeps at the steps ≡ phase mod k1, each for its newest k1 losses."""
    total = np.zeros((H, H))
    for now in range(phase, T + k1, k1):
        losses = [t for t in STEPS if now - k1 < t <= now]
        if losses:
            total += net.autograd(losses, [k for k in STEPS if now - k2 < k <= now])
    return total


@pytest.mark.equation("eq-truncation-window", tolerance=1e-12)
@pytest.mark.parametrize("k1, k2", [(3, 5), (4, 4), (1, 3)])
def test_window(check, rng, k1, k2):
    """Left: mean over all phases of TBPTT by autograd; right: lags weighted as printed."""
    net = Net.draw(rng)
    G = net.terms()
    left = np.mean([sweeps(net, k1, k2, phase) for phase in range(1, k1 + 1)], axis=0)

    def weighted(p):
        return sum(p(t - k) * G[t, k] for t, k in G)

    planted = {
        "(k_2 - m - 1) / k_1": weighted(lambda m: min(1, max(0, (k2 - m - 1) / k1))),
        "every lag up to k_2 whole": weighted(lambda m: float(m <= k2)),
        "the full gradient": weighted(lambda m: 1.0),
    }
    right = weighted(lambda m: min(1, max(0, (k2 - m) / k1)))
    check(left, right, planted=planted)


@pytest.mark.equation("eq-truncation-missing", tolerance=1e-9)
def test_missing(check, rng):
    """Left: from the unit run to rest, by autograd with and without a cut; right: γ to the τ."""
    gamma, x, tau = rng.uniform(0.3, 0.9), rng.normal(), int(rng.integers(2, 9))

    def slope(uses):
        """dh/dγ through the last `uses` uses."""
        g, h = torch.tensor(gamma, dtype=torch.float64, requires_grad=True), torch.zeros(())
        for t in range(600):
            h = (g if t >= 600 - uses else g.detach()) * h + x
        return torch.autograd.grad(h, g)[0].item()

    left = 1 - slope(tau) / slope(600)
    planted = {
        "one use more": gamma ** (tau + 1),
        "one use less": gamma ** (tau - 1),
        "segments: linear": 1 - tau * (1 - gamma),
    }
    check(left, gamma**tau, planted=planted)


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


@pytest.mark.equation("eq-truncation-checkpoint", tolerance=1e-12)
def test_checkpoint(check, rng):
    """Left: the least number of states held, all block lengths tried; right: 2√T."""
    root = int(rng.integers(5, 40))
    steps = root**2

    def held(block, steps=steps):
        """Most states held at once, counted by going through the schedule."""
        kept = set(range(0, steps, block))  # all of them when the way back begins
        most = len(kept)
        for start in sorted(kept, reverse=True):
            again = set()
            for t in range(start, min(start + block, steps)):
                assert t in kept | again  # step t + 1 can be run
                again.add(t + 1)
            most = max(most, len(kept) + len(again))
            kept.discard(start)
        return most

    blocks = [b for b in range(1, steps + 1) if steps % b == 0]
    left = (min(held(b) for b in blocks), min(blocks, key=held))
    planted = {
        "√T": (root, root),
        "a block of T / 2": (2 + steps / 2, steps / 2),
        "one block": (steps + 1, steps),
    }
    check(left, (2 * np.sqrt(steps), np.sqrt(steps)), planted=planted)
    other = steps + int(rng.integers(1, 2 * root))  # not a square: nothing beats the bound
    assert all(held(b, other) > 2 * np.sqrt(other) for b in range(1, other + 1) if other % b == 0)
