"""The equations of book/training/vanishing-gradients-slopes.md, each by another route."""

import numpy as np
import pytest
import torch

T, H = 6, 5


def size(W):
    """The largest factor by which W stretches a vector: power iteration on WᵀW, no SVD."""
    v = np.linspace(1, 2, W.shape[1])  # any start that is not at a right angle to the answer
    for _ in range(5000):
        v = W.T @ (W @ v)
        v /= np.linalg.norm(v)
    return np.linalg.norm(W @ v)


def radius(W):
    return np.abs(np.linalg.eigvals(W)).max()


def excess(least, most):
    """By how much the inequality least ≤ most is broken, in all; zero where it holds."""
    least, most = np.asarray(least), np.asarray(most)
    return np.maximum(least - most * (1 + 1e-9), 0).sum()


def round_place(values):
    """The place of a maximum is known to the grid's step only."""
    return (*values[:3], np.round(values[3], 2) + 0.0, values[4], np.round(values[5], 2) + 0.0)


def tanh_jacobians(rng, W, scale=1.0):
    """States of a tanh network, ∂h_T/∂h_0 by autograd, and the largest slopes."""
    x = torch.tensor(scale * rng.normal(size=(T, H)))
    states = []

    def run(h):
        states.clear()
        for x_t in x:
            h = torch.tanh(x_t + h @ torch.tensor(W))
            states.append(h)
        return h

    h_0 = torch.tensor(0.1 * rng.normal(size=H))
    J = torch.autograd.functional.jacobian(run, h_0).numpy()
    slopes = [1 - s.detach().numpy() ** 2 for s in states]
    return J, slopes


def one_unit(inputs, w, t, k):
    """∂h_t/∂h_k of h_i = tanh(x_i + w h_{i-1}) by autograd, and the states h_0 … h_T."""
    h = [torch.tensor(0.3, dtype=torch.float64, requires_grad=True)]
    for x_i in inputs:
        h.append(torch.tanh(float(x_i) + w * h[-1]))
    (derivative,) = torch.autograd.grad(h[t], h[k])
    return abs(derivative.item()), np.array([h_i.item() for h_i in h])


@pytest.mark.equation("eq-vanishing-slopes", tolerance=1e-9)
def test_slopes(check, rng):
    """Left: central differences and the largest slope on a grid; right: as printed."""
    a, h = rng.normal(size=9) * 2, 1e-5
    grid = np.linspace(-8, 8, 16001)

    def sigma(a):
        return 1 / (1 + np.exp(-a))

    def slope(f, a):
        return (f(a + h) - f(a - h)) / (2 * h)

    def largest(f):
        return slope(f, grid).max(), grid[slope(f, grid).argmax()]

    left = (slope(np.tanh, a), slope(sigma, a), *largest(np.tanh), *largest(sigma))
    tanh, logistic = 1 - np.tanh(a) ** 2, sigma(a) * (1 - sigma(a))
    planted = {
        "tanh' with σ's form": (np.tanh(a) * (1 - np.tanh(a)), logistic, 1.0, 0.0, 0.25, 0.0),
        "both at most 1": (tanh, logistic, 1.0, 0.0, 1.0, 0.0),
        "tanh' smallest at 0 (deck D4)": (tanh, logistic, 0.0, 0.0, 0.25, 0.0),
    }
    check(round_place(left), (tanh, logistic, 1.0, 0.0, 0.25, 0.0), planted=planted)


@pytest.mark.equation("eq-vanishing-product", tolerance=1e-9)
def test_product(check, rng):
    """Left: ‖∂h_T/∂h_0‖ by autograd, never above the product, which it equals with one unit, also
    between two steps on the way; right: the Jacobians multiplied, slopes and weights multiplied."""
    lefts, rights, eigen, last, norms, products, reversed_ = [], [], [], [], [], [], []
    for _ in range(20):
        W = np.triu(rng.normal(size=(H, H)), k=1) * 2 + 0.3 * np.eye(H)  # far from normal
        J, slopes = tanh_jacobians(rng, W, scale=rng.choice([0.01, 1.0]))
        mu = [s.max() for s in slopes]
        lefts.append(size(J))
        rights.append(np.prod(mu) * size(W) ** T)
        eigen.append(np.prod(mu) * radius(W) ** T)
        last.append(np.prod([s.min() for s in slopes]) * size(W) ** T)
        steps = [np.diag(s) @ W.T for s in slopes]  # J_1 … J_T
        norms.append(np.linalg.norm(J, 2))
        products.append(np.linalg.norm(np.linalg.multi_dot(steps[::-1]), 2))
        reversed_.append(np.linalg.norm(np.linalg.multi_dot(steps), 2))
    inputs, w, t, k = rng.normal(size=T), rng.uniform(1.3, 2), T - 1, 2
    left, h = one_unit(inputs, w, t, k)
    slopes, steps = 1 - h**2, range(k + 1, t + 1)

    def equality(factor=lambda i: slopes[i] * w, steps=steps):
        return np.prod([factor(i) for i in steps])

    broken, norms, products = excess(lefts, rights), np.array(norms), np.array(products)
    exact = equality()
    planted = {
        "ρ for the norm (deck D0)": (excess(lefts, eigen), norms, exact),
        "smallest slope": (excess(lefts, last), norms, exact),
        "J_{k+1} … J_t": (broken, np.array(reversed_), exact),
        "weights forgotten (deck D3: tanh' < 1)": (0.0, norms, equality(lambda i: slopes[i])),
        "slopes forgotten": (0.0, norms, equality(lambda i: w)),
        "1 - h⁴": (0.0, norms, equality(lambda i: (1 - h[i] ** 4) * w)),
        "slopes of the step before": (0.0, norms, equality(lambda i: slopes[i - 1] * w)),
        "from i = k": (0.0, norms, equality(steps=range(k, t + 1))),
        "to i = t - 1": (0.0, norms, equality(steps=range(k + 1, t))),
    }
    check((0.0, norms, left), (broken, products, exact), planted=planted)
