"""The equations of book/recurrence-returns/linear-attention-capacity.md, by independent routes."""

import numpy as np
import pytest
from written_matrix import D, H


def unit(a):
    return a / np.linalg.norm(a, axis=-1, keepdims=True)


@pytest.mark.equation("eq-linear-overlap", tolerance=1e-2)
def test_overlap(check, rng):
    """Left: a million pairs of directions; right: as printed."""
    one, other = unit(rng.normal(size=(2, 1_000_000, H)))
    left = ((one * other).sum(axis=1) ** 2).mean()
    planted = {
        "the root": H**-0.5,
        "H squared": 1 / H**2,
        "H + 1": 1 / (H + 1),
        "H - 1": 1 / (H - 1),
    }
    check(left, 1 / H, planted=planted)


@pytest.mark.equation("eq-linear-shrunk", tolerance=1e-8)
def test_shrunk(check, rng):
    """Left: the smallest value on ever finer grids of c; right: as printed."""
    r = rng.uniform(0.1, 3, size=6)

    def smallest(loss):
        low, high = np.zeros(6), np.ones(6)
        for _ in range(12):
            c = np.linspace(low, high, 41)
            best = loss(c).argmin(axis=0)
            width = (high - low) / 20
            middle = c[best, range(6)]
            low, high = middle - width, middle + width
        return loss(middle)

    planted = {"r": r.copy(), "1 / (1 + r)": 1 / (1 + r), "squared": (r / (1 + r)) ** 2,
               "the factor forgotten": r / (1 + r**2)}  # fmt: skip
    check(smallest(lambda c: (1 - c) ** 2 + c**2 * r), r / (1 + r), planted=planted)


@pytest.mark.equation("eq-linear-best", tolerance=1e-2)
def test_best(check, rng):
    """Left: least squares on 3,000 sets of pairs, many and few; right: as printed."""
    counts = (3, H, 7, 12)

    def lost(n, sets=3000):
        K, V = unit(rng.normal(size=(sets, n, H))), unit(rng.normal(size=(sets, n, D)))
        S = np.linalg.pinv(K) @ V
        return ((V - K @ S) ** 2).sum(axis=2).mean()

    n = np.array(counts, float)
    planted = {
        "without the maximum": 1 - H / n,
        "the wrong way round": np.maximum(0, 1 - n / H),
        "one dimension less": np.maximum(0, 1 - (H - 1) / n),
        "the sum's": n / H,
    }
    check(np.array([lost(count) for count in counts]), np.maximum(0, 1 - H / n), planted=planted)
