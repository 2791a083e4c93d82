"""The equations of book/sequence-to-sequence/search-cost.md."""

import itertools
import math

import pytest


@pytest.mark.equation("eq-search-heap", tolerance=1e-12)
def test_heap(check, rng):
    """Left: replacements counted over all orders of n numbers; right: the sum, by H_n - H_k."""
    n, k = 7, int(rng.integers(1, 5))
    total = 0
    for order in itertools.permutations(range(n)):
        for i in range(k, n):
            total += order[i] > sorted(order[:i])[-k]
    left = total / math.factorial(n)

    def harmonic(m):
        return sum(1 / i for i in range(1, m + 1))

    right = sum(k / i for i in range(k + 1, n + 1)), k * (harmonic(n) - harmonic(k))
    planted = {
        "every candidate": (n - k, n - k),
        "from i = k": (right[0] + 1, right[1] + 1),
        "without k": (right[0] / k + (k == 1), right[1] / k + (k == 1)),
    }
    check((left, left), right, planted=planted)
    many, few = 40_000, int(rng.integers(50, 500))
    exact = few * (harmonic(many) - harmonic(few))

    def near(value):
        """As near as it can be: k ln(n/k) is too large by k/2k - k/2n and terms of 1/k."""
        return abs(value - exact - 0.5 + few / many / 2) < 1 / few

    assert near(few * math.log(many / few))
    for wrong in (math.log2(many / few), math.log(many), math.log(few / many)):
        assert not near(few * wrong)
    assert not near(math.log(many / few))
