"""The equations of book/gates/interpretable-cells-acting.md, each against an independent route."""

import numpy as np
import pytest
from held_cells import H, T, by_hand, case, held

from unrolled.char_lstm.intervene import run


@pytest.mark.equation("eq-cells-vote", tolerance=1e-10)
def test_vote(check, rng):
    """Left: logits with the cell held in the last step alone, minus without; right: as printed."""
    model, x, zero = case(rng)
    j, v = int(rng.integers(H - 1)), rng.uniform(0.5, 1.5)
    left = run(model, x, zero, held(j, v, first=T - 1))[1][-1] - run(model, x, zero)[1][-1]
    at_end = by_hand(model, x)[1]
    o, c, W_hy = at_end["o"][:, [j]], at_end["c"][:, [j]], model.output.weight.detach().numpy().T
    throughout = run(model, x, zero, held(j, v))[1][-1] - run(model, x, zero)[1][-1]
    planted = {
        "no output gate": (np.tanh(v) - np.tanh(c)) * W_hy[j],
        "no tanh": o * (v - c) * W_hy[j],
        "held from the first step on": throughout,
    }
    check(left, o * (np.tanh(v) - np.tanh(c)) * W_hy[j], planted=planted)


@pytest.mark.equation("eq-cells-effect", tolerance=1e-12)
def test_effect(check, rng):
    """Left: as printed; right: logarithm of the geometric mean of the factors on the odds."""
    p, p_new = rng.random(9), rng.random(9)
    left = np.mean(np.log(p_new * (1 - p) / ((1 - p_new) * p)))
    factors = (p_new / (1 - p_new)) / (p / (1 - p))
    mean, mean_new = p.mean(), p_new.mean()
    planted = {
        "of the mean probabilities": np.log(mean_new * (1 - mean) / ((1 - mean_new) * mean)),
        "ratio of probabilities": np.mean(np.log(p_new / p)),
        "arithmetic mean of the factors": np.log(factors.mean()),
    }
    check(left, np.log(np.prod(factors) ** (1 / 9)), planted=planted)
