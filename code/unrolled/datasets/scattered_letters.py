"""Letters on a tape that is blank elsewhere, to be copied or to be found again.

Symbol 0 is the blank, 1 to V are letters, V + 1 is a mark. Time is the first axis.
"""

import numpy as np
from numpy import ndarray

from unrolled import checks

IGNORED = -100  # a target that torch's cross-entropy leaves out


def tapes(
    T: int, N: int, rng: np.random.Generator, K: int = 3, V: int = 4, scattered: bool = True
) -> tuple[ndarray, ndarray]:
    """N tapes of T places with K letters each: ids (T, N), and the letters in order (K, N).

    Parameters
    ----------
    T, N : places on a tape, and tapes
    K, V : letters on a tape, and letters of the alphabet
    scattered : whether the letters stand anywhere; else at K places that are the same for all

    Raises
    ------
    ValueError : if there are fewer places than letters, or an argument is of another kind
    """
    _check(T, N, rng, K, V)
    checks.kind("True or False", bool, scattered=scattered)
    letters = rng.integers(1, V + 1, size=(K, N))
    places = np.tile(np.arange(K) * (T // K), (N, 1))
    if scattered:
        places = np.sort(rng.random((N, T)).argsort(axis=1)[:, :K], axis=1)
    ids = np.zeros((T, N), dtype=np.int64)
    ids[places.T, np.arange(N)] = letters
    return ids, letters


def copying(
    T: int, N: int, rng: np.random.Generator, K: int = 3, V: int = 4
) -> tuple[ndarray, ndarray]:
    """Tapes with K marks behind: ids (T + K, N); y, IGNORED but at the marks."""
    ids, letters = tapes(T, N, rng, K, V)
    marks = np.full((K, N), V + 1)
    blank = np.full((T, N), IGNORED)
    return np.concatenate([ids, marks]), np.concatenate([blank, letters])


def induction(T: int, N: int, rng: np.random.Generator, V: int = 4) -> tuple[ndarray, ndarray]:
    """Random letters, one mark among them and one at the end: what came after the first mark?

    ids (T, N); y (T, N), IGNORED but at the last step.
    """
    _check(T, N, rng, 3, V)
    ids = rng.integers(1, V + 1, size=(T, N))
    place, each = rng.integers(0, T - 2, size=N), np.arange(N)
    ids[place, each] = ids[-1] = V + 1
    y = np.full((T, N), IGNORED)
    y[-1] = ids[place + 1, each]
    return ids, y


def _check(T: int, N: int, rng: np.random.Generator, K: int, V: int) -> None:
    checks.whole(1, K=K, V=V)
    checks.whole(N=N)
    checks.whole(K, T=T)
    checks.generator(rng)
