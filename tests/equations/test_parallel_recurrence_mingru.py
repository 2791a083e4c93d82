"""The equations of book/convolution/parallel-recurrence-mingru.md, each by another route."""

import numpy as np
import pytest
from linear_steps import D, H, N, T, states


@pytest.mark.equation("eq-parallel-kernel", tolerance=1e-12)
def test_kernel(check, rng):
    """Left: the convolution as printed; right: the state-space recurrence, step by step."""
    V = 2
    x, lam = rng.normal(size=(T, N, D)), np.tanh(rng.normal(size=H))
    B, C = rng.normal(size=(D, H)), rng.normal(size=(H, V))
    right = states(x @ B, np.broadcast_to(lam, (T, N, H)), np.zeros((N, H)))[1:] @ C

    def convolved(shift=0, lam=lam, first=0, x=x):
        K = [B @ np.diag(lam ** (k + shift)) @ C for k in range(T)]
        none = np.zeros((N, V))
        return np.stack(
            [sum((x[t - k] @ K[k] for k in range(first, t + 1)), none) for t in range(T)]
        )

    planted = {
        "one power too many": convolved(shift=1),
        "the newest input left out": convolved(first=1),
        "the size of lambda alone": convolved(lam=np.abs(lam)),
        "inputs in the other order": convolved(x=x[::-1]),
        "lambda not raised": convolved(lam=np.ones(H)),
    }
    check(convolved(), right, planted=planted)
