"""The equations of book/sequence-to-sequence/search-drawing.md."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from prefix_tables import T, V, chance, finished, model


@pytest.mark.equation("eq-search-entropy", tolerance=1e-12)
def test_entropy(check, rng):
    """Left: the mean over all outcomes, cut ones included; right: entropies of the steps."""
    table = model(rng)
    outcomes = finished() + list(itertools.product(range(V - 1), repeat=T))
    P = np.array([chance(table, path) for path in outcomes])
    assert math.isclose(P.sum(), 1)

    def S(row):
        return -(row * np.log(row)).sum()

    right = -sum(chance(table, path) * S(row) for path, row in table.items())
    planted = {
        "every prefix alike": -sum(S(row) for row in table.values()),
        "the mean over the steps": right / T,
        "only finished ones": P[: len(finished())] @ np.log(P[: len(finished())]),
    }
    check(P @ np.log(P), right, planted=planted)


@pytest.mark.equation("eq-search-hit", tolerance=1e-12)
def test_hit(check, rng):
    """Left: summed over all outcomes of n draws from a table; right: the formula."""
    P, n = rng.dirichlet(np.ones(5)), 4
    best = int(P.argmax())
    left = sum(
        math.prod(P[list(draws)])
        for draws in itertools.product(range(5), repeat=n)
        if Counter(draws)[best] > 0
    )
    planted = {
        "n P": n * P[best],
        "P^n": P[best] ** n,
        "exactly once": n * P[best] * (1 - P[best]) ** (n - 1),
    }
    check(left, 1 - (1 - P[best]) ** n, planted=planted)
