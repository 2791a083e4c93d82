"""The equations of book/training/truncated-bptt-horizon.md, each against an independent route."""

import numpy as np
import pytest
from cut_networks import STEPS, H, Net, T, recursion


def sweeps(net, k1, k2, phase):
    """TBPTT by autograd: sweeps at the steps ≡ phase mod k1, each for its newest k1 losses."""
    total = np.zeros((H, H))
    for now in range(phase, T + k1, k1):
        losses = [t for t in STEPS if now - k1 < t <= now]
        if losses:
            total += net.autograd(losses, [k for k in STEPS if now - k2 < k <= now])
    return total


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
