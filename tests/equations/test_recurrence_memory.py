"""The equations of book/sequences/recurrence-memory.md, each against a second route."""

import math

import numpy as np
import pytest

from unrolled.layers.rnn import RNN

T, N, D, H = 6, 4, 3, 5


def excess(value, bound):
    """1 where value <= bound; above 1 by as much as the bound is broken."""
    return 1 + np.maximum(0, value - bound)


def after(w, pushes, h):
    """State of one unit after all pushes."""
    for v in pushes:
        h = math.tanh(w * h + v)
    return h


def threshold(flips, low, high):
    """The smallest push that flips, by bisection."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if flips(middle) else (middle, high)
    return high


@pytest.mark.equation("eq-recurrence-impulse", tolerance=1e-10)
def test_impulse(check, rng):
    """Left side by running the linear recurrence, right side by the sum over past inputs."""
    W_xh, W_hh = rng.normal(size=(D, H)), rng.normal(size=(H, H)) / 2
    x, h = rng.normal(size=(T, N, D)), np.zeros((N, H))
    for x_t in x:
        h = x_t @ W_xh + h @ W_hh

    def echo(W_hh, late=0, first=0, behind=0):
        """`behind`: so many steps too early, each input stands for another."""
        powers = [np.linalg.matrix_power(W_hh, k + late) for k in range(T)]
        return sum(x[(T - 1 - behind - k) % T] @ W_xh @ powers[k] for k in range(first, T))

    planted = {
        "one power too many": echo(W_hh, late=1),
        "W_hh transposed": echo(W_hh.T),
        "the newest input left out": echo(W_hh, first=1),
        "inputs one step early": echo(W_hh, behind=1),
    }
    check(h, echo(W_hh), planted=planted)


@pytest.mark.equation("eq-recurrence-fading", tolerance=1e-12)
def test_fading(check, rng):
    """How far the distance of two runs is above its bound: nowhere, and in one case it is reached.

    One matrix stretches although its powers shrink; the other, 0.8 times a rotation, shrinks every
    vector alike, so that with small states the bound is reached.
    """

    def distances(W_hh, size):
        """Two runs, apart by a small first input, one hundred times; (T, 100)."""
        net = RNN(rng.normal(size=(D, H)), W_hh, np.zeros(H))
        x = size * rng.normal(size=(T, 100, D))
        other = x.copy()
        other[0] += size * rng.normal(size=(100, D))
        h, h_other = (net.forward(inputs, np.zeros((100, H)))[0] for inputs in (x, other))
        return np.linalg.norm(h - h_other, axis=2) / size

    t = np.arange(1, T + 1)[:, None]
    skewed = 0.5 * np.eye(H) + np.diag(rng.uniform(3, 5, size=H - 1), k=1)
    turning = 0.8 * np.linalg.qr(rng.normal(size=(H, H)))[0]
    runs = [(distances(W_hh, 1e-4), W_hh) for W_hh in (skewed, turning)]

    def broken(size, power=t - 1):
        # 1e-6: rounding, since `turning` comes close to equality
        bounds = [size(W_hh) ** power * gap[0] + 1e-6 for gap, W_hh in runs]
        return tuple(excess(gap, bound) for (gap, _), bound in zip(runs, bounds, strict=True))

    def sigma(W_hh):
        return np.linalg.norm(W_hh, ord=2)

    planted = {
        "the spectral radius instead of σ": broken(lambda W: np.abs(np.linalg.eigvals(W)).max()),
        "one power too many": broken(sigma, power=t),
        "the largest entry instead of σ": broken(lambda W: np.abs(W).max()),
        "the square of σ": broken(lambda W: sigma(W) ** 2),
    }
    check((np.ones((T, 100)), np.ones((T, 100))), broken(sigma), planted=planted)
    turned, most = runs[1][0], 0.8 ** (t - 1) * runs[1][0][0]
    np.testing.assert_allclose(turned, most, rtol=1e-4)  # the bound is reached


@pytest.mark.equation("eq-recurrence-flip", tolerance=1e-6)
def test_flip(check, rng):
    """Left side by trying pushes on a simulated unit, right side as printed."""
    w = rng.uniform(1.2, 3)
    rest = after(w, 2000 * [0.0], 1.0)  # h*
    quiet = 500 * [0.0]
    left = threshold(lambda v: after(w, [v, *quiet], -rest) > 0, 0.0, 2 * w)
    push = np.sqrt(w * (w - 1)) - np.arctanh(np.sqrt(1 - 1 / w))
    planted = {"h* alone": rest, "w alone": w, "the threshold of a steady push": push}
    check(left, w * rest, planted=planted)


@pytest.mark.equation("eq-recurrence-push", tolerance=1e-5)
def test_push(check, rng):
    """Left side by trying steady pushes on a simulated unit, right side as printed."""
    w = rng.uniform(1.2, 3)
    left = threshold(lambda v: after(w, 20_000 * [v], -1.0) > 0, 0.0, 2.0)
    root = np.sqrt(1 - 1 / w)
    planted = {
        "the threshold of a single push": w * after(w, 2000 * [0.0], 1.0),
        "the positive root": w * root + np.arctanh(root),
        "slope 1 at h = 1 - 1/w": w * root**2 - np.arctanh(root**2),
    }
    check(left, np.sqrt(w * (w - 1)) - np.arctanh(root), planted=planted)
