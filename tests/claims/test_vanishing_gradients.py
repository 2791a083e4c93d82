"""What sentences of the chapter on vanishing gradients say."""

import numpy as np
import pytest
import torch


@pytest.fixture
def page(claim):
    """The functions of the page's cells, with seeds of our own."""
    return claim.definitions() | {"claim": claim}


def seeded(page, seed):
    """The page's `draw` takes its weights from a generator with this seed."""
    page["draw"].__globals__["torch_rng"] = torch.Generator().manual_seed(seed)


def share_at_the_cue(page, run, p, T):
    """Of the gradient by the last input, how much arrives at the first: for each network."""
    x, y = page["batch"](T, 32, np.random.default_rng(0))
    x.requires_grad_()
    u = torch.baddbmm(p["b_y"], run(p, x), p["W_hy"])
    shares = []
    for u_s in u:
        loss = torch.nn.functional.cross_entropy(u_s, y)
        (dx,) = torch.autograd.grad(loss, x, retain_graph=True)
        first, *_, last = dx.flatten(1).norm(dim=1)
        shares.append(float(first / last))
    return np.array(shares)


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


@pytest.mark.slow
def test_what_decides_in_three_other_draws(claim, page):
    """The page's experiment at gap 20 with other weights and data, seeds 1, 2 and 3."""
    claim(
        "What we saw, in this and in three other draws: at the smallest learning rate the"
        " orthogonal networks with small inputs learnt in every case, and of the other three"
        " designs not one network learnt more than part of the symbols."
    )
    designs = [(W_hh, inputs) for W_hh in ("default", "orthogonal") for inputs in (0.05, 1.0)]
    for seed in (1, 2, 3):
        seeded(page, seed)
        p = page["together"]([page["draw"](5, *design) for design in designs])
        found = page["train"](page["plain"], p, 21, 1e-3, np.random.default_rng(seed))
        found = dict(zip(designs, found.reshape(4, 5), strict=True))
        assert found.pop(("orthogonal", 0.05)).min() > 0.85
        assert max(accuracy.max() for accuracy in found.values()) < 0.85


@pytest.mark.slow
def test_the_cause_taken_away_and_put_in(claim, page):
    """Small inputs, gap 50, eight networks each: orthogonal over √3, default times √3."""
    claim("Orthogonal weights divided by $\\sqrt3$ let the gradient fade like the default ones;")
    claim(
        "At a gap of 50 and the learning rate 0.001 none of eight networks of the first kind learnt"
        " anything, and of the second kind nearly all learnt the task or most of it."
    )
    seeded(page, 4)
    run, found, shares = page["plain"], {}, {}
    for name, weights, gain in [
        ("faded", "orthogonal", 3**-0.5), ("alive", "default", 3**0.5), ("default", "default", 1.0)
    ]:  # fmt: skip
        p = page["draw"](8, weights, 0.05, gain)
        shares[name] = share_at_the_cue(page, run, p, 51)
        found[name] = page["train"](run, p, 51, 1e-3, np.random.default_rng(4), steps=300)
    assert np.median(shares["faded"]) < 1e-8 and np.median(shares["default"]) < 1e-8
    assert np.median(shares["alive"]) > 1e-3
    assert found["faded"].max() < 0.35 and np.sum(found["alive"] > 0.8) >= 6


@pytest.mark.slow
def test_default_networks_that_learn_in_the_dark(claim, page):
    """24 default networks, gap 50, learning rate 0.01, 300 steps, seed 5."""
    claim(
        "At 0.01 it was not: of 24 default networks one or two learnt the gap of 50 and about half"
        " learnt a part of the symbols, although at the start less than a millionth of the"
        " gradient arrived at the cue."
    )
    seeded(page, 5)
    p = page["draw"](24)
    shares = share_at_the_cue(page, page["plain"], p, 51)
    found = page["train"](page["plain"], p, 51, 1e-2, np.random.default_rng(5), steps=300)
    assert 1 <= np.sum(found > 0.9) <= 6
    assert 7 <= np.sum(found > 0.4) <= 18
    assert shares.max() < 1e-6
