"""What sentences of the page on slopes and weights say."""

import numpy as np
import pytest


@pytest.fixture
def page(claim):
    """The functions of the page's cells, with seeds of our own."""
    return claim.definitions()


def test_rates_beyond_radius_one(claim, page):
    """The rate of twelve Gaussian matrices, seeds 100 to 111, at 19 radii and an input scale of
    0.01, over 200 steps."""
    claim(
        "It stays near 1 for a while, and how long is a matter of the matrix. Among twelve others"
        " some passed 1.02 for good before a radius of 1.5, and some not before 2."
    )
    radii, passed = np.linspace(0.4, 2.2, 19), []
    for seed in range(100, 112):
        rng = np.random.default_rng(seed)
        G = rng.normal(size=(64, 64))
        W = radii[:, None, None] * G / np.abs(np.linalg.eigvals(G)).max()
        scale = np.array([0.01])
        [rate] = page["growth"](W, scale, *page["kinds"]["tanh"], rng, T=300, settle=100).T
        assert np.all(np.abs(rate[radii < 0.85] - radii[radii < 0.85]) < 0.03)  # below 1 it rises
        assert np.all(np.abs(rate[(radii > 0.95) & (radii < 1.15)] - 1) < 0.15)
        passed.append(max(radii[rate <= 1.02], default=0))  # from there on above
    assert np.sum(np.array(passed) < 1.45) >= 2
    assert np.sum(np.array(passed) > 1.95) >= 2
