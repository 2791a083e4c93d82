"""Sizes, a padded batch and a softmax, for the checks of the pages on attention."""

import numpy as np

N, T, S, H, D, A = 2, 3, 5, 8, 6, 7  # not H = 4, whose root is N
LENGTHS = np.array([5, 3])
MASK = np.arange(S) < LENGTHS[:, None]


def draw(rng):
    """Q (N, T, H), K (N, S, H), M (N, S, D)."""
    return tuple(rng.normal(size=s) for s in [(N, T, H), (N, S, H), (N, S, D)])


def softmax(e):
    e = np.exp(e - e.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def T_(X):
    """The transpose of each sequence's matrix."""
    return X.swapaxes(-1, -2)
