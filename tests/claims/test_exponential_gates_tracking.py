"""What sentences of book/recurrence-returns/exponential-gates-tracking.md say."""

import numpy as np


def changes(values):
    signs = np.sign(values[np.nonzero(values)])
    return int((signs[1:] != signs[:-1]).sum())


def test_at_most_as_many_changes_as_units(claim):
    """Read-outs drawn at random, and one with a zero for each unit."""
    claim(
        "Reading one symbol over and over, a linear read-out of $H$ units with factors in $(0,1]$"
        " changes its answer at most $H$ times."
    )
    rng = np.random.default_rng(0)
    for units in (1, 2, 3, 4):
        gamma = np.sort(rng.uniform(0.2, 0.95, units))
        steps = np.arange(0.0, 40)
        powers = np.array([*(gamma[:, None] ** steps), np.ones_like(steps)])  # (units + 1, 40)
        zeros = np.arange(units) + 0.5
        at = np.array([*(gamma[:, None] ** zeros), np.ones_like(zeros)])
        weights = np.linalg.svd(at.T)[2][-1]  # f vanishes there
        assert changes(weights @ powers) == units
        for _ in range(200):
            assert changes(rng.normal(size=units + 1) @ powers) <= units
        powers[0] = steps  # one unit with a factor of 1
        for _ in range(200):
            assert changes(rng.normal(size=units + 1) @ powers) <= units
