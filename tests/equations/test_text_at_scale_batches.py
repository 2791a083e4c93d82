"""The equations of book/practice/text-at-scale-batches.md: padding counted, draws enumerated."""

from itertools import product

import numpy as np
import pytest

from unrolled.practice import batching


@pytest.mark.equation("eq-scale-wasted", tolerance=1e-12)
def test_wasted(check, rng):
    """Left: zeros counted in padded arrays; right: as printed."""
    lengths = rng.integers(1, 30, 24)
    batches = batching.bucketed(lengths, 6, 2, rng)
    arrays = [np.arange(lengths[b].max())[:, None] < lengths[b] for b in batches]
    empty = sum((~array).sum() for array in arrays) / sum(array.size for array in arrays)
    real = [lengths[b].sum() for b in batches]
    longest = [lengths[b].max() for b in batches]

    def printed(longest=longest, N=6):
        return 1 - sum(real) / sum(N * most for most in longest)

    assert batching.wasted(lengths, batches) == pytest.approx(printed())
    planted = {
        "the share that is real": 1 - printed(),
        "the longest of all": printed(longest=[lengths.max()] * 4),
        "mean of the batches' shares": 1 - np.mean(np.divide(real, np.multiply(longest, 6))),
        "one row only": printed(N=1),
    }
    check(empty, printed(), planted=planted)


@pytest.mark.equation("eq-scale-noise", tolerance=1e-10)
def test_noise(check, rng):
    """Left: all groups and all draws of N = 3 listed; right: as printed."""
    groups, N = [rng.normal(m, 1, size=4) for m in (-2, 0, 3)], 3
    means = np.array([np.mean(draw) for g in groups for draw in product(g, repeat=N)])
    within = np.mean([g.var() for g in groups])
    between = np.var([g.mean() for g in groups])
    planted = {
        "groups average out as well": (within + between) / N,
        "nothing is divided": within + between,
        "noise within only": within / N,
        "divided by the square of N": within / N**2 + between,
    }
    check(means.var(), within / N + between, planted=planted)
