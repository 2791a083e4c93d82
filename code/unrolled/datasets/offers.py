"""Offers that come one by one, the best of which is to be told at the end."""

import numpy as np
from numpy import ndarray

from unrolled import checks

SPREAD = 5.0  # prices are drawn from -SPREAD to SPREAD


def offers(T: int, N: int, rng: np.random.Generator, V: int = 4) -> tuple[ndarray, ndarray]:
    """N lists of T offers: x (T, N, 1 + V), how good each is and whose it is, and the best (N,).

    x[t, n, 0] is the mark of offer t, uniform from -5 to 5; the rest has a single 1, at the place
    of who made it. y[n] is who made the one with the highest mark.

    Raises ValueError if there is no offer, or an argument is of another kind.
    """
    checks.whole(1, T=T, V=V)
    checks.whole(N=N)
    checks.generator(rng)
    marks = rng.uniform(-SPREAD, SPREAD, size=(T, N))
    who = rng.integers(V, size=(T, N))
    x = np.concatenate([marks[..., None], np.eye(V)[who]], axis=2)
    return x, who[marks.argmax(axis=0), np.arange(N)]
