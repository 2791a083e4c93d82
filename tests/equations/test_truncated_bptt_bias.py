"""The equations of book/training/truncated-bptt-bias.md, each against an independent route."""

import pytest
import torch


@pytest.mark.equation("eq-truncation-missing", tolerance=1e-9)
def test_missing(check, rng):
    """Left: from the unit run to rest, by autograd with and without a cut; right: γ to the τ."""
    gamma, x, tau = rng.uniform(0.3, 0.9), rng.normal(), int(rng.integers(2, 9))

    def slope(uses):
        """dh/dγ through the last `uses` uses."""
        g, h = torch.tensor(gamma, dtype=torch.float64, requires_grad=True), torch.zeros(())
        for t in range(600):
            h = (g if t >= 600 - uses else g.detach()) * h + x
        return torch.autograd.grad(h, g)[0].item()

    left = 1 - slope(tau) / slope(600)
    planted = {
        "one use more": gamma ** (tau + 1),
        "one use less": gamma ** (tau - 1),
        "segments: linear": 1 - tau * (1 - gamma),
    }
    check(left, gamma**tau, planted=planted)
