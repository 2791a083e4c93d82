"""The equations of book/training/truncated-bptt.md, each against an independent route."""

import numpy as np
import pytest
from cut_networks import Net, T, recursion


@pytest.mark.equation("eq-truncation-recursion", tolerance=1e-12)
def test_recursion(check, rng):
    """Left: autograd, the state mixed with its detached copy; right: the recursion."""
    net = Net.draw(rng)
    factors = rng.choice([0.0, 0.7, 1.0, 2.5], size=T + 1)
    factors[3:5] = 0.0, 1.6
    planted = {
        "ξ_t for ξ_{t+1}": recursion(net, factors, place=0),
        "W_hh not transposed": recursion(net, factors, transpose=False),
        "no cut": recursion(net, np.ones(T + 1)),
    }
    check(net.autograd(factors=factors), recursion(net, factors), planted=planted)
