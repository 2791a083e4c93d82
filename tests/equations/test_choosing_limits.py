"""The equations of book/recurrence-returns/choosing-limits.md, by independent routes."""

import math
from itertools import product

import numpy as np
import pytest

from unrolled.layers.mingru import MinGRU

H, T = 5, 7


@pytest.mark.equation("eq-choosing-horizon", tolerance=1e-12)
def test_horizon(check, rng):
    """Left: as printed; right: counted over all strings, for each end that can be seen."""
    K, R = (int(rng.integers(low, low + 2)) for low in (3, 2))
    T = R + int(rng.integers(1, 3))

    def counted(task, symbols, R):
        """Share of the answer 1 among the strings that end alike, for every end."""
        strings = np.array(list(product(range(symbols), repeat=T)))
        answers = {"gap": strings[:, 0], "parity": strings.sum(axis=1) % 2}[task]
        ends = strings[:, T - R :] @ symbols ** np.arange(R)
        return np.array([np.mean(answers[ends == end] == 1) for end in np.unique(ends)])

    left = np.full(K**R, 1 / K), np.full(2**R, 1 / 2)
    right = counted("gap", K, R), counted("parity", 2, R)
    seen = counted("gap", K, T)[: K**R], counted("parity", 2, T)[: 2**R]
    planted = {
        "a window of T steps": seen,
        "two symbols at the gap, too": (np.full(K**R, 1 / 2), left[1]),
        "one in K for parity, too": (left[0], np.full(2**R, 1 / K)),
    }
    check(left, right, planted=planted)


@pytest.mark.equation("eq-choosing-flip", tolerance=1e-10)
def test_flip(check, rng):
    """Left: two runs of the layer; middle and right: the two lines as printed."""
    layer, w = MinGRU.init(1, H, rng), rng.normal(size=H)
    layer.b_h += rng.normal(size=2 * H)
    bits = rng.permutation(np.arange(T) % 2).astype(float)  # ones and zeros after the first

    def logit(first):
        x = np.concatenate([[first], bits[1:]]).reshape(T, 1, 1)
        return layer.forward(x, np.zeros((1, H)))[0][-1, 0] @ w

    def gates(x):
        a_z, n = np.split(x * layer.W_xh[0] + layer.b_h, 2)
        return 1 / (1 + np.exp(-a_z)), n

    (z0, n0), (z1, n1) = gates(0), gates(1)
    d, m = (1 - z1) * n1 - (1 - z0) * n0, int(bits[1:].sum())
    factors = np.array([gates(b)[0] for b in bits])
    first = np.sum(w * d * factors[1:].prod(axis=0))
    c, rho = w * d * z0 ** (T - 1), z1 / z0
    left = np.array([logit(1) - logit(0)])
    check(left, np.array([first]), planted={"step 1 counted": np.sum(w * d * factors.prod(axis=0))})
    check(
        left,
        np.array([np.sum(c * rho**m)]),
        planted={
            "T factors": np.array([np.sum(c * z0 * rho**m)]),
            "ratio upside down": np.array([np.sum(c / rho**m)]),
            "candidates not weighted": np.array([np.sum(w * (n1 - n0) * z0 ** (T - 1) * rho**m)]),
        },
    )


@pytest.mark.equation("eq-choosing-share", tolerance=1e-12)
def test_share(check, rng):
    """Left: as printed; right: the largest weight over all corners of the box of scores."""
    B = rng.uniform(0.3, 1.5)
    corners = B * np.array(list(product((-1, 1), repeat=T)))
    inside = rng.uniform(-B, B, size=(1000, T))
    weights = np.exp(np.concatenate([corners, inside]))
    right = (weights / weights.sum(axis=1, keepdims=True)).max()
    check(
        np.array([1 / (1 + (T - 1) * math.exp(-2 * B))]),
        np.array([right]),
        planted={
            "others at zero": np.array([1 / (1 + (T - 1) * math.exp(-B))]),
            "T others": np.array([1 / (1 + T * math.exp(-2 * B))]),
            "one other": np.array([1 / (1 + math.exp(-2 * B))]),
            "the sign of the exponent": np.array([1 / (1 + (T - 1) * math.exp(2 * B))]),
            "odds for a share": np.array([math.exp(2 * B) / (T - 1)]),
        },
    )
