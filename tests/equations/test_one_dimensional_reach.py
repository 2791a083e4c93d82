"""The equations of book/convolution/one-dimensional-reach.md."""

import numpy as np
import pytest
from convolutions import D, F, N, at, conv1d, draw, seen


@pytest.mark.equation("eq-conv-causal", tolerance=1e-12)
@pytest.mark.parametrize("sizes", [(9, 1), (11, 2), (13, 3)])
def test_causal(check, rng, sizes):
    """Left side by torch behind (F - 1) d zeros, right side by the sum as printed."""
    T, d = sizes
    x, W, b = draw(rng, T)
    wide = np.concatenate([np.zeros(((F - 1) * d, N, D)), x])

    def output(V, sign=-1, late=0, taps=F):
        return np.array([
            b + sum(at(x, t - late + sign * k * d) @ V[F - 1 - k] for k in range(taps))
            for t in range(1, T + 1)
        ])  # fmt: skip

    planted = {
        "filter turned": output(W[::-1]),
        "into the future": output(W, sign=1),
        "one step late": output(W, late=1),
        "the oldest tap left out": output(W, taps=F - 1),
        "no bias": output(W) - b,
    }
    check(conv1d(wide, W, b, d=d), output(W), planted=planted)


@pytest.mark.equation("eq-conv-field", tolerance=1e-15)
def test_field(check, rng):
    """Left side as printed, right side by sending impulses through three layers."""
    layers = [tuple(map(int, rng.permutation([2, 3, 4]))) for _ in range(3)]
    F_, S, d = np.array(layers).T
    below = np.concatenate([[1], np.cumprod(S)[:-1]])
    check(
        [1 + np.sum((F_ - 1) * d * below)],
        [seen(layers)],
        planted={
            "own stride too": [1 + np.sum((F_ - 1) * d * np.cumprod(S))],
            "no strides": [1 + np.sum((F_ - 1) * d)],
            "taps, not gaps": [1 + np.sum(F_ * d * below)],
            "no dilations": [1 + np.sum((F_ - 1) * below)],
            "without the first step": [np.sum((F_ - 1) * d * below)],
        },
    )
