"""The equations of book/convolution/parallel-recurrence-speed.md, each by another route."""

import numpy as np
import pytest
from linear_steps import draw, states


@pytest.mark.equation("eq-parallel-cumsum", tolerance=1e-10)
def test_cumsum(check, rng):
    """Left: the quotient form, on few steps with gammas away from 0; right: the loop."""
    beta, gamma, s_0 = draw(rng)
    gamma = np.sign(gamma) * (0.5 + 0.5 * np.abs(gamma))
    c = gamma.cumprod(axis=0)
    before = np.concatenate([np.ones_like(c[:1]), c[:-1]])
    planted = {
        "divided by the product before": c * (s_0 + (beta / before).cumsum(axis=0)),
        "not multiplied back": s_0 + (beta / c).cumsum(axis=0),
        "s_0 not multiplied": s_0 + c * (beta / c).cumsum(axis=0),
        "divided by its own gamma": c * (s_0 + (beta / gamma).cumsum(axis=0)),
        "the newest beta left out": c * (s_0 + (beta / c).cumsum(axis=0) - beta / c),
    }
    left = c * (s_0 + (beta / c).cumsum(axis=0))
    check(left, states(beta, gamma, s_0)[1:], planted=planted)
