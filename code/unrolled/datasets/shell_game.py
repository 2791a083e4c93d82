"""Cups that change places two at a time, with a ball under one of them.

The first id says under which cup the ball is put, 0 to cups - 1. Every later one is a swap, and
cups + i stands for number i of `swaps(cups)`. Time is the first axis.
"""

from itertools import combinations

import numpy as np
from numpy import ndarray

from unrolled import checks


def swaps(cups: int) -> list[tuple[int, int]]:
    """Every pair of cups that can change places, in order."""
    checks.whole(2, cups=cups)
    return list(combinations(range(cups), 2))


def shell_game(T: int, N: int, rng: np.random.Generator, cups: int = 5) -> tuple[ndarray, ndarray]:
    """N games of T steps: ids (T, N), and under which cup the ball is after each step (T, N).

    Raises ValueError if there is no step, fewer than two cups, or an argument is of another kind.
    """
    checks.whole(1, T=T)
    checks.whole(N=N)
    checks.generator(rng)
    pairs = np.array(swaps(cups))
    ids = np.empty((T, N), dtype=np.int64)
    ids[0] = rng.integers(cups, size=N)
    ids[1:] = cups + rng.integers(len(pairs), size=(T - 1, N))
    place = ids.copy()
    for t in range(1, T):
        left, right = pairs[ids[t] - cups].T
        was = place[t - 1]
        place[t] = np.where(was == left, right, np.where(was == right, left, was))
    return ids, place
