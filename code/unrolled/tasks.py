"""Tasks whose rule is known, so that errors can be counted and data never run out.

Every task is a function `task(T, N, rng, ...) -> (x, y)`: N sequences of T steps drawn with
`rng`, inputs x (T, N, D) in float32, and the right answer after every step, y (T, N), int64
where it is a class. Whoever asks for one answer at the end takes `y[-1]`.
"""

import numpy as np
from numpy import ndarray


def parity(T: int, N: int, rng: np.random.Generator) -> tuple[ndarray, ndarray]:
    """Random bits x (T, N, 1); y (T, N) is 1 where the ones so far are odd in number."""
    _check(T, at_least=1)
    bits = rng.integers(0, 2, size=(T, N))
    return bits[..., None].astype(np.float32), bits.cumsum(axis=0) % 2


def addition(
    T: int, N: int, rng: np.random.Generator, least_first: bool = True
) -> tuple[ndarray, ndarray]:
    """Two random numbers below 2^(T-1), bit by bit: x (T, N, 2); y (T, N), the sum's T bits.

    Step 1 brings the least significant bits (the most significant with `least_first=False`).
    The summands' most significant bit is 0, so the last carry has a place.
    """
    _check(T, at_least=2)
    bits = rng.integers(0, 2, size=(T, N, 2))
    bits[-1] = 0
    y = np.empty((T, N), dtype=np.int64)
    carry = np.zeros(N, dtype=np.int64)
    for t in range(T):
        carry, y[t] = np.divmod(bits[t].sum(axis=-1) + carry, 2)
    x = bits.astype(np.float32)
    return (x, y) if least_first else (x[::-1].copy(), y[::-1].copy())


def gap(T: int, N: int, rng: np.random.Generator, K: int = 4) -> tuple[ndarray, ndarray]:
    """Random symbols x (T, N, K), one-hot; y (T, N) is the first of them, at every step.

    The symbols after the first are distractors of the same kind: only their place tells them
    from the cue. At step T the answer lies T - 1 steps back; chance is 1/K.
    """
    _check(T, at_least=1)
    symbols = rng.integers(0, K, size=(T, N))
    return np.eye(K, dtype=np.float32)[symbols], np.tile(symbols[0], (T, 1))


def _check(T: int, at_least: int) -> None:
    if at_least > T:
        raise ValueError(f"T must be at least {at_least}, got {T}")
