"""What sentences of the page on four remedies say."""

import numpy as np
import pytest
import torch

from unrolled.models import far_cue


@pytest.fixture
def page():
    """The functions of the page, its `draw` with weights from a generator that is seeded below."""
    rng = torch.Generator()

    def draw(S, *design, **options):
        return far_cue.draw(S, rng, *design, **options)

    return {"draw": draw, "rng": rng, "plain": far_cue.plain, "train": far_cue.train}


def seeded(page, seed):
    """The page's `draw` takes its weights from a generator with this seed."""
    page["rng"].manual_seed(seed)


def share_at_the_cue(page, run, p, T):
    """Of the gradient by the last input, how much arrives at the first: for each network."""
    return far_cue.share_at_the_cue(run, p, T, np.random.default_rng(0))


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
