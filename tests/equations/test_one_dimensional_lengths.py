"""The equations of book/convolution/one-dimensional-lengths.md."""

import numpy as np
import pytest
import torch
from convolutions import SETTINGS, F, at, conv1d, draw, step, windows


@pytest.mark.equation("eq-conv-index", tolerance=1e-12)
@pytest.mark.parametrize("sizes", SETTINGS)
def test_index(check, rng, sizes):
    """Left side by the sum as printed, right side by torch's conv1d."""
    T, *settings = sizes
    x, W, b = draw(rng, T)

    def output(taps=F, place=step):
        return np.array([
            b + sum(at(x, place(t, k, *settings)) @ W[k] for k in range(taps))
            for t in range(1, windows(T, *settings) + 1)
        ])  # fmt: skip

    check(
        output(),
        conv1d(x, W, b, *settings),
        planted={
            "last tap left out": output(F - 1),
            "one step late": output(place=lambda *a: step(*a) + 1),
            "filter turned": output(place=lambda t, k, *a: step(t, F - 1 - k, *a)),
        },
    )


@pytest.mark.equation("eq-conv-length", tolerance=1e-15)
def test_length(check, rng):
    """Left side as printed, right side the length of what torch returns."""
    T, F_, S, P, d = (rng.integers(low, high, 40) for low, high in
                      [(20, 60), (2, 6), (2, 5), (0, 4), (1, 4)])  # fmt: skip
    found = [
        torch.nn.functional.conv1d(
            torch.zeros(1, 1, t), torch.zeros(1, 1, f), stride=s, padding=p, dilation=e
        ).shape[2]
        for t, f, s, p, e in np.transpose([T, F_, S, P, d]).tolist()
    ]
    check(
        (T + 2 * P - (F_ - 1) * d - 1) // S + 1,
        found,
        planted={
            "no floor (the deck's)": (T + 2 * P - (F_ - 1) * d - 1) / S + 1,
            "rounded up": -(-(T + 2 * P - (F_ - 1) * d - 1) // S) + 1,
            "padding at one end": (T + P - (F_ - 1) * d - 1) // S + 1,
            "dilation forgotten": (T + 2 * P - F_) // S + 1,
        },
    )
