"""The equations of book/sequence-to-sequence/teacher-forcing-measured.md, by independent routes."""

import numpy as np
import pytest


@pytest.mark.equation("eq-forcing-errors", tolerance=1e-12)
def test_errors(check, rng):
    """Left: powers of the transition matrix of the two-state chain; right: the closed form."""
    epsilon, r = rng.uniform(0.02, 0.2), rng.uniform(0.05, 0.6)
    M = np.array([[1 - epsilon, epsilon], [r, 1 - r]])  # rows: from right, from wrong
    t = np.arange(1, 12)
    left = np.array([np.linalg.matrix_power(M, n)[0, 1] for n in t])

    def closed(shrink=1 - epsilon - r, limit=epsilon / (epsilon + r)):
        return limit * (1 - shrink**t)

    planted = {
        "no recovery": 1 - (1 - epsilon) ** t,
        "shrinks by 1 - r": closed(shrink=1 - r),
        "limit ε/r": closed(limit=epsilon / r),
        "counted from the first step": np.r_[0, closed()[:-1]],
    }
    check(left, closed(), planted=planted)
