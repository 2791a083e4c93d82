"""The equations of book/training/vanishing-gradients-clipping.md, each by another route."""

import numpy as np
import pytest
import torch

from unrolled.layers import optimize


def excess(least, most):
    """By how much the inequality least ≤ most is broken, in all; zero where it holds."""
    least, most = np.asarray(least), np.asarray(most)
    return np.maximum(least - most * (1 + 1e-9), 0).sum()


def derivative(f, theta, along, step=1e-6):
    """Central difference of the number f at theta along a direction."""
    return (f(theta + step * along) - f(theta - step * along)) / (2 * step)


def loss_of(rng):
    """A smooth loss of nine parameters, a point, and the gradient there by autograd."""
    A, theta = torch.tensor(rng.normal(size=(9, 9))), rng.normal(size=9)

    def L(theta):
        return (torch.sin(A @ torch.as_tensor(theta)) * torch.arange(1.0, 10)).sum()

    p = torch.tensor(theta, requires_grad=True)
    (g,) = torch.autograd.grad(L(p), p)
    return L, theta, g.numpy()


@pytest.mark.equation("eq-vanishing-step", tolerance=1e-9)
def test_step(check, rng):
    """Left: no violation by the losses before and after, nor by the distance which the package's
    clipped step covers, and the change of a linear loss, for which both bounds are reached; right:
    the bounds as printed, with M measured along the segment."""
    changes, moved, bounds, square, no_M, longer = [], [], [], [], [], {"not": [], "each": []}
    eta, limit = rng.uniform(0.2, 0.4), rng.uniform(0.4, 0.6)
    for _ in range(20):
        L, theta, g = loss_of(rng)
        norm, step = np.linalg.norm(g), g.copy()
        optimize.clip_norm([step], limit)
        points = theta - np.linspace(0, 1, 400)[:, None] * eta * step
        slopes = []
        for point in points:
            p = torch.tensor(point, requires_grad=True)
            (here,) = torch.autograd.grad(L(p), p)
            slopes.append(np.linalg.norm(here.numpy()))
        M = max(slopes) * (1 + 1e-4)
        changes.append(abs(float(L(theta) - L(points[-1]))))
        moved.append(M * np.linalg.norm(points[-1] - points[0]))
        bounds.append(M * eta * limit)
        square.append(M * eta * limit / norm)  # what the missing root would promise
        no_M.append(eta * limit)
        longer["not"].append(M * eta * norm)
        longer["each"].append(M * eta * np.linalg.norm(np.clip(g, -limit, limit)))
    first, second = excess(changes, moved), excess(moved, bounds)
    slope = 9 * rng.normal(size=9)  # of a linear loss: M is its length
    step, M = slope.copy(), np.linalg.norm(slope)
    optimize.clip_norm([step], limit)
    reached = M * eta * limit
    planted = {
        "with the square of the norm (deck D3)": (first, excess(moved, square), eta * limit),
        "Lipschitz constant forgotten": (first, excess(moved, no_M), reached),
        "not clipped": (first, excess(longer["not"], bounds), reached),
        "each entry clipped by itself": (first, excess(longer["each"], bounds), reached),
        "learning rate squared": (excess(changes, eta * np.array(moved)), second, eta * reached),
        "twice the way": (first, second, 2 * reached),
    }
    check((0.0, 0.0, abs(slope @ (eta * step))), (first, second, reached), planted=planted)


@pytest.mark.equation("eq-vanishing-elementwise", tolerance=1e-7)
def test_elementwise(check, rng):
    """Left: how fast the loss falls along the clipped gradient; right: the printed sum."""
    L, theta, g = loss_of(rng)
    limit = np.median(np.abs(g))
    clipped = np.clip(g, -limit, limit)
    left = derivative(lambda p: float(L(p)), theta, clipped)
    terms = rng.normal(size=(7, 9)) * 9
    terms += (g - terms.sum(axis=0)) / 7  # uses that sum to the gradient
    per_step = np.clip(terms, -limit, limit).sum(axis=0)
    planted = {
        "norm clipping's": np.minimum(1, limit / np.linalg.norm(g)) * g @ g,
        "the squared clipped entries": clipped @ clipped,
        "clipped before the sum (Mikolov; deck D0 takes it for the same)": per_step @ g,
    }
    check(left, np.minimum(g**2, limit * np.abs(g)).sum(), planted=planted)
