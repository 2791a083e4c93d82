"""The equations of book/gates/interpretable-cells.md, each against an independent route."""

import itertools

import numpy as np
import pytest
from held_cells import H, T, by_hand, case, held

from unrolled.char_lstm import probing
from unrolled.char_lstm.intervene import run


@pytest.mark.equation("eq-cells-luck", tolerance=1e-12)
def test_luck(check, rng):
    """Left: the spread of r over all orders of the facts; right: as printed."""
    n = 6
    s, y = rng.normal(size=n), np.array([1, 0, 1, 0, 0, 0])
    orders = np.array(list(itertools.permutations(y)), float)
    r = np.array([np.corrcoef(s, order)[0, 1] for order in orders])
    planted = {
        "n for n - 1": 1 / np.sqrt(n),
        "n - 2, that of a fitted line": 1 / np.sqrt(n - 2),
        "the variance": 1 / (n - 1),
        "no root and n": 1 / n,
    }
    check(np.sqrt(np.mean(r**2)), 1 / np.sqrt(n - 1), planted=planted)
    assert abs(r.mean()) < 1e-12


@pytest.mark.equation("eq-cells-correlation", tolerance=1e-12)
def test_correlation(check, rng):
    """Left: as printed; right: the slope of the least-squares line, times the ratio of spreads."""
    s = rng.normal(size=29) + 2
    y = 0.6 * s + rng.normal(size=29) - 1
    slope, _ = np.polyfit(s, y, 1)
    s_bar, y_bar = s.mean(), y.mean()

    def printed(s_mean=s_bar, y_mean=y_bar, power=0.5):
        top = sum((a - s_mean) * (b - y_mean) for a, b in zip(s, y, strict=True))
        spreads = sum((a - s_mean) ** 2 for a in s) * sum((b - y_mean) ** 2 for b in y)
        return top / spreads**power

    planted = {
        "the slope itself": slope,
        "means left in": printed(0, 0),
        "one mean left in": printed(s_mean=0),
        "no root": printed(power=1),
        "the square": printed() ** 2,
    }
    check(printed(), slope * s.std() / y.std(), planted=planted)
    assert np.isclose(probing.correlation(s[:, None], y[:, None])[0, 0], printed(), rtol=1e-12)


@pytest.mark.equation("eq-cells-clamp", tolerance=1e-12)
def test_clamp(check, rng):
    """Left: logits of the package's run with a cell held; right: the printed steps in NumPy."""
    model, x, zero = case(rng)
    j, v = int(rng.integers(H - 1)), rng.uniform(0.5, 1.5)
    left = run(model, x, zero, held(j, v))[1]
    planted = {
        "held after h was computed": by_hand(model, x, (j, v), after=True)[0],
        "held in the last step alone": run(model, x, zero, held(j, v, first=T - 1))[1],
        "the cell beside it": by_hand(model, x, (j + 1, v))[0],
    }
    check(left, by_hand(model, x, (j, v))[0], planted=planted)
