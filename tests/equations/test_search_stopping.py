"""The equations of book/sequence-to-sequence/search-stopping.md."""

import pytest


@pytest.mark.equation("eq-search-stop", tolerance=1e-12)
def test_stop(check, rng):
    """Left: the best value over continuations, with END at length L certain; right: s / T^α."""
    s, alpha, T = -rng.uniform(0.5, 9), rng.uniform(0.3, 1.5), int(rng.integers(6, 12))
    t = int(rng.integers(1, T - 2))
    values = [
        (s + later) / L**alpha
        for L in range(t + 1, T + 1)
        for later in (0.0, *-rng.exponential(size=20))
    ]
    planted = {
        "the next length": s / (t + 1) ** alpha,
        "the present length": s / t**alpha,
        "multiplied": s * T**alpha,
    }
    check(max(values), s / T**alpha, planted=planted)
