"""The equations of book/convolution/parallel-recurrence-gates.md, each by another route."""

import numpy as np
import pytest
from linear_steps import H, N, T, states


@pytest.mark.equation("eq-parallel-matrix", tolerance=1e-12)
def test_matrix(check, rng):
    """Left: the joined step with matrices; right: one step after the other, on rows."""
    (b, b2), s = rng.normal(size=(2, N, H)), rng.normal(size=(N, H))
    A, A2 = rng.normal(size=(2, H, H))
    planted = {
        "matrices in column order": b2 + b @ A2 + s @ (A2 @ A),
        "earlier beta by its own matrix": b2 + b @ A + s @ (A @ A2),
        "earlier beta not multiplied": b2 + b + s @ (A @ A2),
        "matrix transposed": b2 + b @ A2.T + s @ (A @ A2),
        "the later matrix alone": b2 + b @ A2 + s @ A2,
    }
    check((b2 + b @ A2) + s @ (A @ A2), b2 + (b + s @ A) @ A2, planted=planted)


@pytest.mark.equation("eq-parallel-newton", tolerance=1e-10)
def test_newton(check, rng):
    """Left: the iteration's end, from zero, and four rounds from nearby; right: the loop.

    After T rounds any J is right; only with the tangent errors of 1e-2 square at each round.
    """
    x, w = rng.normal(size=(T, N, H)), 2 * rng.normal(size=H)

    def iterate(jacobian):
        h = np.zeros((T + 1, N, H))
        for _ in range(T):
            f = np.tanh(x + w * h[:-1])
            J = jacobian(f)
            h = states(f - J * h[:-1], J, h[0])
        return h[1:]

    def once(base):  # two rounds: enough to tell where the tangent is put
        h = np.zeros((T + 1, N, H))
        for _ in range(2):
            f = np.tanh(x + w * h[:-1])
            J = w * (1 - f**2)
            h = states(f - base * J * h[:-1], J, h[0])
        return h[1:]

    h, right = np.zeros((N, H)), []
    for x_t in x:
        h = np.tanh(x_t + w * h)
        right.append(h)
    planted = {"the tangent's base left out": once(0), "stopped after two rounds": once(1)}
    right = np.stack(right)
    check(iterate(lambda f: w * (1 - f**2)), right, planted=planted)

    def corrected(slope):
        h = np.concatenate([np.zeros((1, N, H)), right + 1e-2 * noise])
        for _ in range(4):
            f = np.tanh(x + w * h[:-1])
            J = slope(f)
            h = states(f - J * h[:-1], J, h[0])
        return h[1:]

    noise = rng.normal(size=right.shape)
    planted = {"no slope of tanh": corrected(lambda f: w + 0 * f), "no J": corrected(np.zeros_like)}
    check(corrected(lambda f: w * (1 - f**2)), right, planted=planted)
