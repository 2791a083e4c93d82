"""Tasks with a known rule (parity, addition, gap and others), so that errors can be counted.

Every task is a function `task(T, N, rng, ...) -> (x, y)`: N sequences of T steps drawn with
`rng`, inputs x (T, N, D) in float32, and the right answer after every step, y (T, N), int64
where it is a class. Whoever asks for one answer at the end takes `y[-1]`.
"""

import numpy as np
from numpy import ndarray

from unrolled import checks


def parity(T: int, N: int, rng: np.random.Generator) -> tuple[ndarray, ndarray]:
    """Random bits x (T, N, 1); y (T, N) is 1 where the ones so far are odd in number."""
    _check(T, N, rng, at_least=1)
    bits = rng.integers(0, 2, size=(T, N))
    return bits[..., None].astype(np.float32), bits.cumsum(axis=0) % 2


def addition(
    T: int, N: int, rng: np.random.Generator, least_first: bool = True
) -> tuple[ndarray, ndarray]:
    """Two random numbers below 2^(T-1), bit by bit: x (T, N, 2); y (T, N), the sum's T bits.

    Step 1 brings the least significant bits (the most significant with `least_first=False`).
    The summands' most significant bit is 0, so the last carry has a place.
    """
    _check(T, N, rng, at_least=2)
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
    _check(T, N, rng, at_least=1)
    checks.whole(1, K=K)
    symbols = rng.integers(0, K, size=(T, N))
    return np.eye(K, dtype=np.float32)[symbols], np.tile(symbols[0], (T, 1))


def marked(T: int, N: int, rng: np.random.Generator, K: int = 4) -> tuple[ndarray, ndarray]:
    """Random symbols, one of the first half marked: x (T, N, K + 1); y (T, N), the marked one.

    The last feature of x is the mark. The other symbols are distractors: the input gate's task.
    y is the same at every step (before the mark nobody can know it); chance is 1/K.
    """
    _check(T, N, rng, at_least=1)
    checks.whole(1, K=K)
    symbols = rng.integers(0, K, size=(T, N))
    place = rng.integers(0, (T + 1) // 2, size=N), np.arange(N)
    x = np.zeros((T, N, K + 1), dtype=np.float32)
    x[..., :K] = np.eye(K)[symbols]
    x[*place, K] = 1
    return x, np.tile(symbols[place], (T, 1))


def recall(
    T: int, N: int, rng: np.random.Generator, K: int = 4, often: float = 0.2
) -> tuple[ndarray, ndarray]:
    """Repeat each symbol as it comes, but the first one when asked: x (T, N, K + 1), y (T, N).

    The last feature of x asks, at a share `often` of the steps after the first. What is kept is
    of no use at the other steps and must not disturb them: the output gate's task.
    """
    _check(T, N, rng, at_least=1)
    checks.whole(1, K=K)
    symbols = rng.integers(0, K, size=(T, N))
    checks.number(0, 1, often=often)
    asked = rng.random((T, N)) < often
    asked[0] = False
    x = np.concatenate([np.eye(K)[symbols], asked[..., None]], axis=-1)
    return x.astype(np.float32), np.where(asked, symbols[0], symbols)


def registers(T: int, N: int, rng: np.random.Generator, K: int = 3) -> tuple[ndarray, ndarray]:
    """K registers of one bit: x (T, N, 1 + 2K) writes and asks; y (T, N), the asked one's content.

    The first feature of x is a bit, -1 for 0. The next K say which register it is written to; in
    half of the steps it is none. The last K say which register is asked, after the writing.
    Registers start at 0; chance is 1/2.
    """
    _check(T, N, rng, at_least=1)
    checks.whole(1, K=K)
    bit = rng.integers(0, 2, size=(T, N))
    place, asked = rng.integers(0, K, size=(2, T, N))
    written = np.eye(K)[place] * rng.integers(0, 2, size=(T, N, 1))  # one-hot, or zero
    content, y = np.zeros((N, K), dtype=np.int64), np.empty((T, N), dtype=np.int64)
    for t in range(T):
        content = np.where(written[t], bit[t][:, None], content)
        y[t] = content[np.arange(N), asked[t]]
    x = np.concatenate([2 * bit[..., None] - 1, written, np.eye(K)[asked]], axis=-1)
    return x.astype(np.float32), y


def adding(T: int, N: int, rng: np.random.Generator) -> tuple[ndarray, ndarray]:
    """Numbers from [0, 1), two of them marked: x (T, N, 2); y (T, N), the marked ones' sum so far.

    One mark lies in each half. y is float32; the answer "1" has a mean square error of 1/6 at the
    end. The task of Hochreiter and Schmidhuber (1997), as it is usually given.
    """
    _check(T, N, rng, at_least=2)
    x = np.zeros((T, N, 2), dtype=np.float32)
    x[..., 0] = rng.random((T, N), dtype=np.float32)
    for half in ((0, T // 2), (T // 2, T)):
        x[rng.integers(*half, size=N), np.arange(N), 1] = 1
    return x, x.prod(axis=-1).cumsum(axis=0)


def anbn(
    T: int, N: int, rng: np.random.Generator, n: ndarray | None = None
) -> tuple[ndarray, ndarray]:
    """Strings of n letters a, then n letters b: x (T, N, 2), one-hot; is it complete? y (T, N).

    y is 1 at step 2n, 0 before, and -1 (not to be counted) after it, where x is 0. By default n is
    drawn evenly from 1 to T / 2; or give N numbers. ValueError if one does not fit.
    """
    _check(T, N, rng, at_least=2)
    n = rng.integers(1, T // 2 + 1, size=N) if n is None else checks.array("n", n, "iu", "numbers")
    if n.shape != (N,) or (N and (n.min() < 1 or 2 * n.max() > T)):
        raise ValueError(f"n must be {N} numbers from 1 to {T // 2}, got {n}")
    t = np.arange(1, T + 1)[:, None]
    x = np.stack([t <= n, (n < t) & (t <= 2 * n)], axis=-1)
    return x.astype(np.float32), np.where(t > 2 * n, -1, t == 2 * n)


REBER = "BTPSXVE"
REBER_ARROWS = (  # state -> what may come, and the state it leads to; the grammar of Reber (1967)
    (("T", 1), ("P", 2)),
    (("S", 1), ("X", 3)),
    (("T", 2), ("V", 4)),
    (("X", 2), ("S", 5)),
    (("P", 3), ("V", 5)),
)


def embedded_reber(T: int, N: int, rng: np.random.Generator) -> tuple[ndarray, ndarray]:
    """N endless streams of embedded Reber strings: x (T, N, 7), one-hot; y (T, N), what comes next.

    A string is B, T or P, a string of Reber's grammar (which begins with B and ends with E), the
    same T or P again, and E. Nothing marks where a string begins (Gers et al. 2000).
    """
    _check(T, N, rng, at_least=1)
    ids = np.empty((T + 1, N), dtype=np.int64)
    for n in range(N):
        stream = ""
        while len(stream) <= T:
            stream += _reber_string(rng)
        ids[:, n] = [REBER.index(symbol) for symbol in stream[: T + 1]]
    return np.eye(7, dtype=np.float32)[ids[:-1]], ids[1:]


def _reber_string(rng: np.random.Generator) -> str:
    inner, state = "B", 0
    while state < len(REBER_ARROWS):
        symbol, state = REBER_ARROWS[state][rng.integers(2)]
        inner += symbol
    outer = "TP"[rng.integers(2)]
    return f"B{outer}{inner}E{outer}E"


def _check(T: int, N: int, rng: np.random.Generator, at_least: int) -> None:
    checks.whole(at_least, T=T)
    checks.whole(N=N)
    checks.generator(rng)
