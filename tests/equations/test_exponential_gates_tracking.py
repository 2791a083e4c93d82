"""The equations of book/recurrence-returns/exponential-gates-tracking.md."""

import numpy as np
import pytest

H, T = 5, 7


@pytest.mark.equation("eq-exponential-constant", tolerance=1e-12)
def test_constant(check, rng):
    """Left: T equal steps; right: the formula as printed."""
    gamma, beta, h_0 = rng.uniform(0.1, 0.9, H), rng.normal(size=H), rng.normal(size=H)
    h = h_0
    for _ in range(T):
        h = gamma * h + beta
    rest = beta / (1 - gamma)
    planted = {
        "one power too few": gamma ** (T - 1) * (h_0 - rest) + rest,
        "the end added at the start": gamma**T * (h_0 + rest) + rest,
        "the end left out": gamma**T * (h_0 - rest),
        "1 + gamma": gamma**T * (h_0 - beta / (1 + gamma)) + beta / (1 + gamma),
    }
    check(h, gamma**T * (h_0 - rest) + rest, planted=planted)


@pytest.mark.equation("eq-exponential-parity", tolerance=1e-12)
def test_parity(check, rng):
    """Left: step by step, a factor for each symbol; right: by the number of presses."""
    presses, h_0 = rng.integers(0, 2, T), rng.normal(size=H)
    presses[:3] = 1, 0, 1
    presses[-1] = (presses[:-1].sum() + 1) % 2  # odd in all
    h = h_0
    for pressed in presses:
        h = (-1 if pressed else 1) * h
    planted = {
        "the light never changes": h_0,
        "fainter with each press": (-0.9) ** presses.sum() * h_0,
        "a press takes away": h_0 - presses.sum(),
    }
    check(h, (-1.0) ** presses.sum() * h_0, planted=planted)


@pytest.mark.equation("eq-exponential-rotation", tolerance=1e-12)
def test_rotation(check, rng):
    """Left: a row goes through both mirrors; right: through the printed matrix."""
    angle, h = rng.uniform(0.2, 1.2), rng.normal(size=(3, 2))
    first, second = np.array([1.0, 0]), np.array([np.cos(angle), np.sin(angle)])
    reflected = h
    for k in (first, second):
        reflected = reflected - 2 * np.outer(reflected @ k, k)

    def turn(by):
        return h @ np.array([[np.cos(by), np.sin(by)], [-np.sin(by), np.cos(by)]])

    planted = {
        "by the angle itself": turn(angle),
        "the other way": turn(-2 * angle),
        "by its double more": turn(4 * angle),
    }
    check(reflected, turn(2 * angle), planted=planted)
