"""Which sequences share a batch: at random, by length within a pool, and what padding wastes."""

from collections.abc import Sequence

import numpy as np
from numpy import ndarray

from unrolled import checks


def random_batches(lengths: Sequence[int], N: int, rng: np.random.Generator) -> list[ndarray]:
    """Places of all sequences, N to a batch, at random; the last batch may be smaller."""
    return bucketed(lengths, N, 1, rng)


def bucketed(lengths: Sequence[int], N: int, pool: int, rng: np.random.Generator) -> list[ndarray]:
    """Places of all sequences, N to a batch, of like length within pools of `pool` batches.

    The sequences are shuffled and divided into pools. Each pool is sorted by length and cut into
    batches, and these are put into a random order. With pool = 1 the batches are random.
    """
    lengths = _lengths(lengths)
    checks.whole(1, N=N, pool=pool)
    checks.generator(rng)
    order, batches = rng.permutation(len(lengths)), []
    for start in range(0, len(order), N * pool):
        here = order[start : start + N * pool]
        here = here[np.argsort(lengths[here], kind="stable")]
        batches += [here[i : i + N] for i in range(0, len(here), N)]
    return [batches[i] for i in rng.permutation(len(batches))]


def wasted(lengths: Sequence[int], batches: Sequence[ndarray]) -> float:
    """The share of steps that are padding, if each batch is as long as its longest sequence."""
    lengths = _lengths(lengths)
    steps = real = 0
    for batch in checks.items("batches", batches):
        batch = checks.array("each of batches", batch, "iu", "places")
        if batch.ndim != 1 or not len(batch) or not 0 <= batch.min() <= batch.max() < len(lengths):
            raise ValueError(
                f"batches must be places below {len(lengths)}, got {checks.came(batch)}"
            )
        steps += len(batch) * lengths[batch].max()
        real += lengths[batch].sum()
    return float(1 - real / steps) if steps else 0.0


def _lengths(lengths: Sequence[int]) -> ndarray:
    lengths = checks.array("lengths", lengths, "iu", "whole numbers")
    if lengths.ndim != 1 or not len(lengths) or lengths.min() < 1:
        raise ValueError(f"lengths must be at least 1 each, got {checks.came(lengths)}")
    return lengths
