"""The equations of book/recurrence-returns/exponential-gates-hybrids.md."""

import numpy as np
import pytest


def kept(A, R, H, s, T):
    """Arrays of a hybrid after T steps, counted."""
    keys, values = np.zeros((2, A, T, H))
    return keys.size + values.size + np.zeros((R, s)).size


@pytest.mark.equation("eq-exponential-memory", tolerance=1e-12)
def test_memory(check, rng):
    """Left: the arrays' sizes; right: as printed."""
    A, R, H, s, T = 3, 7, 5, 11, 13
    planted = {
        "keys alone": A * H * T + R * s,
        "states for every step": 2 * A * H * T + R * s * T,
        "attention in all layers": 2 * (A + R) * H * T + R * s,
        "one state": 2 * A * H * T + s,
    }
    check(float(kept(A, R, H, s, T)), float(2 * A * H * T + R * s), planted=planted)


@pytest.mark.equation("eq-exponential-crossing", tolerance=1e-12)
def test_crossing(check, rng):
    """Left: the first length at which attention's part is as large, by counting."""
    A, R, H, c = 2, 6, 5, 8
    T = next(T for T in range(1, 1000) if kept(A, 0, H, 0, T) >= kept(0, R, H, c * H, T))
    planted = {
        "keys alone": R * c / A,
        "the other way round": 2 * A * c / R,
        "with the width": R * c * H / (2 * A),
    }
    check(float(T), R * c / (2 * A), planted=planted)
