"""The equations of book/training/vanishing-gradients.md, each by another route."""

import math

import numpy as np
import pytest
import torch

T, N, H = 6, 3, 5


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


@pytest.mark.equation("eq-vanishing-back", tolerance=1e-12)
def test_back(check, rng):
    """Left: ∂L/∂a_t and ∂L/∂h_{t-1} by autograd, one loss after the last step; right: both lines,
    from the last step to the first."""
    a_x, W, g = rng.normal(size=(T, N, H)), rng.normal(size=(H, H)), rng.normal(size=(N, H))
    h, a = [torch.tensor(rng.normal(size=(N, H)), requires_grad=True)], []
    for x in torch.tensor(a_x):
        a.append(x + h[-1] @ torch.tensor(W))
        h.append(torch.tanh(a[-1]))
    grads = torch.autograd.grad((h[-1] * torch.tensor(g)).sum(), [*a, *h[:-1]])
    left = (np.array(grads[:T]), np.array(grads[T:]))
    values = [h_t.detach().numpy() for h_t in h]

    def sweep(slope=lambda t: 1 - values[t] ** 2, back=W.T):
        Delta, delta = np.zeros((T, N, H)), np.zeros((T + 1, N, H))
        delta[T] = g
        for t in range(T, 0, -1):
            Delta[t - 1] = delta[t] * slope(t)
            delta[t - 1] = Delta[t - 1] @ back
        return Delta, delta[:-1]

    planted = {
        "weights not transposed": sweep(back=W),
        "slope of the state before": sweep(lambda t: 1 - values[t - 1] ** 2),
        "slope 1 - h": sweep(lambda t: 1 - values[t]),
        "slopes forgotten": sweep(lambda t: 1.0),
    }
    check(left, sweep(), planted=planted)


@pytest.mark.equation("eq-vanishing-linear", tolerance=1e-12)
def test_linear(check, rng):
    """Left: autograd through a linear network with a loss at step T; right: the power."""
    W, g, k = torch.tensor(rng.normal(size=(H, H))), rng.normal(size=(N, H)), 2
    h_k = torch.tensor(rng.normal(size=(N, H)), requires_grad=True)
    h = h_k
    for _ in range(T - k):
        h = h @ W + torch.tensor(rng.normal(size=(N, H)))
    (left,) = torch.autograd.grad((h * torch.tensor(g)).sum(), h_k)
    power, W = np.linalg.matrix_power, W.numpy()
    planted = {
        "not transposed": g @ power(W, T - k),
        "one factor too many (deck D0)": g @ power(W.T, T - k + 1),
        "one factor too few": g @ power(W.T, T - k - 1),
        "T factors": g @ power(W.T, T),
    }
    check(left, g @ power(W.T, T - k), planted=planted)


@pytest.mark.equation("eq-vanishing-bound", tolerance=1e-9)
def test_bound(check, rng):
    """Left: no violation, and a case of equality; right: lengths by autograd against the bound,
    the norm by power iteration."""
    longer, bounds, wrong = [], [], {"ρ": [], "smallest": [], "no weights": []}
    for scale in (0.01, 1.0) * 10:
        W = np.triu(rng.normal(size=(H, H)), k=1) * 2 + 0.3 * np.eye(H)  # far from normal
        h = torch.tensor(scale * rng.normal(size=(1, H)), requires_grad=True)
        new = torch.tanh(torch.tensor(scale * rng.normal(size=(1, H))) + h @ torch.tensor(W))
        slopes = 1 - new.detach().numpy() ** 2
        _, _, v = np.linalg.svd(W)
        delta = v[:1] / slopes  # after the slopes it lies where the matrix stretches most
        (before,) = torch.autograd.grad((new * torch.tensor(delta)).sum(), h)
        longer.append(np.linalg.norm(before))
        length = np.linalg.norm(delta)
        bounds.append(slopes.max() * size(W) * length)
        wrong["ρ"].append(slopes.max() * radius(W) * length)
        wrong["smallest"].append(slopes.min() * size(W) * length)
        wrong["no weights"].append(slopes.max() * length)
    w, h = 1.7, 0.6  # one unit: both sides are equal
    state = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    x = math.atanh(h) - w * 0.3
    (left,) = torch.autograd.grad(torch.tanh(w * state + x) * 2.0, state)

    def one(slope=1 - h**2, w=w, delta=2.0):
        return slope * w * delta

    broken = excess(longer, bounds)
    planted = {
        "ρ for the norm": (excess(longer, wrong["ρ"]), one()),
        "smallest slope": (excess(longer, wrong["smallest"]), one()),
        "weights forgotten": (excess(longer, wrong["no weights"]), one(w=1.0)),
        "slopes forgotten": (0.0, one(slope=1.0)),
        "slope of the state before": (0.0, one(slope=1 - 0.3**2)),
    }
    check((0.0, left.item()), (broken, one()), planted=planted)


@pytest.mark.equation("eq-vanishing-clip", tolerance=1e-5)
def test_clip(check, rng):
    """Left: torch.nn.utils.clip_grad_norm_ over two arrays; right: the formula."""
    limit = 1.3

    def torch_clip(parts):
        parameters = [torch.nn.Parameter(torch.tensor(0 * p)) for p in parts]
        for parameter, part in zip(parameters, parts, strict=True):
            parameter.grad = torch.tensor(part)
        torch.nn.utils.clip_grad_norm_(parameters, limit)
        return tuple(p.grad.numpy() for p in parameters)

    long = (rng.normal(size=(3, 2)), rng.normal(size=4))
    length = np.sqrt(sum(np.sum(p**2) for p in long))
    short = tuple(0.8 * limit / length * p for p in long)  # passes, and its square would too
    between = tuple(1.1 * limit / length * p for p in long)
    cases = (long, short, between)

    def formula(rule):
        return tuple(tuple(rule(parts)) for parts in cases)

    def norm(parts):
        return np.sqrt(sum(np.sum(p**2) for p in parts))

    planted = {
        "square for the norm (deck D3)": formula(
            lambda ps: [min(1, limit / norm(ps) ** 2) * p for p in ps]
        ),
        "each array by itself": formula(lambda ps: [min(1, limit / norm([p])) * p for p in ps]),
        "elementwise (deck D0)": formula(lambda ps: [np.clip(p, -limit, limit) for p in ps]),
        "always": formula(lambda ps: [limit / norm(ps) * p for p in ps]),
    }
    left = tuple(torch_clip(parts) for parts in cases)
    check(left, formula(lambda ps: [min(1, limit / norm(ps)) * p for p in ps]), planted=planted)
