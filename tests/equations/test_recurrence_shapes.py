"""The equations of book/sequences/recurrence-shapes.md, each against a second route."""

import numpy as np
import pytest

N, D, H = 4, 3, 5


@pytest.mark.equation("eq-recurrence-stacked", tolerance=1e-12)
def test_stacked(check, rng):
    """Left side entry by entry, right side the product of stacked matrices."""
    x, h = rng.normal(size=(N, D)), rng.normal(size=(N, H))
    W_xh, W_hh = rng.normal(size=(D, H)), rng.normal(size=(H, H))
    left = np.zeros((N, H))
    for n, j in np.ndindex(N, H):
        left[n, j] = sum(x[n, i] * W_xh[i, j] for i in range(D))
        left[n, j] += sum(h[n, i] * W_hh[i, j] for i in range(H))
    both, W = np.concatenate([x, h], axis=1), np.concatenate([W_xh, W_hh])
    planted = {
        "state first, its matrix second": np.concatenate([h, x], axis=1) @ W,
        "input first, its matrix second": both @ np.concatenate([W_hh, W_xh]),
        "W_hh transposed": both @ np.concatenate([W_xh, W_hh.T]),
        "the state's part left out": x @ W_xh,
    }
    check(left, both @ W, planted=planted)
