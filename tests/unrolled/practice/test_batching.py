"""Batches by length: all sequences once, less padding, and the random ones among them."""

import numpy as np
import pytest

from unrolled.practice import batching


def test_by_hand():
    assert batching.wasted([3, 1, 2, 2], [np.array([0, 1]), np.array([2, 3])]) == pytest.approx(0.2)


@pytest.mark.parametrize("pool", [1, 3, 100])
def test_each_sequence_once(pool):
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 50, 101)
    batches = batching.bucketed(lengths, 8, pool, rng)
    assert sorted(np.concatenate(batches)) == list(range(101))
    assert max(map(len, batches)) == 8


def test_larger_pools_waste_less():
    lengths = np.random.default_rng(0).integers(1, 50, 1000)
    share = [
        batching.wasted(lengths, batching.bucketed(lengths, 10, pool, np.random.default_rng(1)))
        for pool in (1, 5, 20, 100)
    ]
    assert (np.diff(share) < 0).all() and share[0] > 0.4 and share[-1] < 0.02


def test_order_of_the_batches_is_random():
    lengths = np.arange(1, 101)
    batches = batching.bucketed(lengths, 10, 10, np.random.default_rng(0))
    longest = [lengths[batch].max() for batch in batches]
    assert sorted(longest) != longest and sorted(longest) == list(range(10, 101, 10))


def test_wrong_input():
    with pytest.raises(ValueError, match="lengths must be at least 1"):
        batching.wasted([0, 2], [])
    with pytest.raises(ValueError, match="batches must be places"):
        batching.wasted([1, 2], [np.array([2])])
