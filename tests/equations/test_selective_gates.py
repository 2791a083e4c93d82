"""The equations of book/recurrence-returns/selective-gates.md, by independent routes."""

import numpy as np
import pytest
import torch

from unrolled.layers import RGLRU

T, N, D, H, S = 7, 3, 4, 5, 6


@pytest.mark.equation("eq-selective-zoh", tolerance=1e-8)
def test_zoh(check, rng):
    """Left: the differential equation in 4,000 steps of Runge and Kutta; right: as printed."""
    A, v, h_0, Delta, steps = (
        -rng.uniform(0.5, 2, H),
        rng.normal(size=H),
        rng.normal(size=H),
        1.3,
        4000,
    )
    h, dt = h_0.copy(), Delta / steps
    for _ in range(steps):
        k1 = A * h + v
        k2 = A * (h + dt / 2 * k1) + v
        k3 = A * (h + dt / 2 * k2) + v
        h = h + dt / 6 * (k1 + 2 * k2 + 2 * k3 + A * (h + dt * k3) + v)
    keep = np.exp(Delta * A)
    planted = {
        "not divided by A": keep * h_0 + (keep - 1) * v,
        "the simple factor": keep * h_0 + Delta * v,
        "its sign": keep * h_0 - (keep - 1) / A * v,
        "nothing kept": (keep - 1) / A * v,
    }
    check(h, keep * h_0 + (keep - 1) / A * v, planted=planted)


@pytest.mark.equation("eq-selective-euler", tolerance=1e-9)
def test_euler(check, rng):
    """Left: the exact factor; right: the series to its third term, so for small steps."""
    Delta, A = rng.uniform(1e-3, 2e-3, H), -rng.uniform(0.5, 1.5, H)
    x, scale = Delta * A, 1e3

    def series(second=x / 2, third=x**2 / 6):
        return Delta * (1 + second + third) * scale**2  # seen through a glass

    exact = np.expm1(x) / A * scale**2
    left, right = exact / scale**2, series() / scale**2
    planted = {
        "no second term": series(0 * x) * scale,
        "x for x/2": series(x) * scale,
        "one more Delta": Delta * series() * scale,
    }
    check(left, right, planted=planted)


@pytest.mark.equation("eq-selective-variance", tolerance=1e-10)
def test_variance(check, rng):
    """Left: the variances of a long run added up step by step; right: as printed."""
    gamma, w = rng.uniform(0.3, 0.97, H), rng.uniform(0.5, 2, H)
    variance = np.zeros(H)
    for _ in range(2000):
        variance = gamma**2 * variance + w**2
    planted = {
        "gamma not squared": w**2 / (1 - gamma),
        "w not squared": w / (1 - gamma**2),
        "the slider's": w**2 * (1 - gamma) / (1 + gamma),
        "a standard deviation": w / np.sqrt(1 - gamma**2),
    }
    check(variance, w**2 / (1 - gamma**2), planted=planted)


@pytest.mark.equation("eq-selective-rglru", tolerance=1e-12)
def test_rglru(check, rng):
    """Left: the package's layer, a scan; right: the loop, with powers as printed."""
    layer = RGLRU.init(D, H, rng)
    layer.Lambda[:] = rng.normal(size=H)
    x, h_0 = rng.normal(size=(T, N, D)), rng.normal(size=(N, H))
    u, r, i = np.split(x @ layer.W_xh + layer.b_h, 3, axis=2)
    r, i = 1 / (1 + np.exp(-r)), 1 / (1 + np.exp(-i))

    def run(c=8, root=lambda g: np.sqrt(1 - g**2), r=r, i=i, Lambda=layer.Lambda):
        h, states = h_0, []
        for t in range(T):
            gamma = (1 / (1 + np.exp(-Lambda))) ** (c * r[t])
            h = gamma * h + root(gamma) * i[t] * u[t]
            states.append(h)
        return np.stack(states)

    planted = {
        "c forgotten": run(c=1),
        "the slider's factor": run(root=lambda g: 1 - g),
        "gates exchanged": run(r=i, i=r),
        "no input gate": run(i=np.ones_like(i)),
        "Lambda's sign": run(Lambda=-layer.Lambda),
    }
    check(layer.forward(x, h_0)[0], run(), planted=planted)


@pytest.mark.equation("eq-selective-power", tolerance=1e-12)
def test_power(check, rng):
    """Left: the logarithm of the power; right: as printed."""
    Lambda, r, c = rng.normal(size=H), rng.uniform(0, 1, (N, H)), 8
    left = torch.log(torch.sigmoid(torch.tensor(Lambda)) ** torch.tensor(c * r))
    planted = {
        "Lambda's sign": -c * r * np.log(1 + np.exp(Lambda)),
        "the minus": c * r * np.log(1 + np.exp(-Lambda)),
        "no c": -r * np.log(1 + np.exp(-Lambda)),
    }
    check(left, -c * r * np.log(1 + np.exp(-Lambda)), planted=planted)


def s6_case(rng):
    """Leaves for autograd: Delta, u, B, C, A, h_0, and a weight for each output."""
    Delta = rng.uniform(0.1, 1, (T, H))
    shapes = (T, H), (T, S), (T, S), (H, S), (H, S)
    u, B, C, A, h_0 = (rng.normal(size=s) for s in shapes)
    return Delta, u, B, C, -np.exp(A), h_0, rng.normal(size=(T, H))


def autograd(Delta, u, B, C, A, h_0, weight):
    """Gradients at every state and at Delta, by torch."""
    Delta, u, B, C, A, h, weight = map(torch.tensor, (Delta, u, B, C, A, h_0, weight))
    Delta.requires_grad_()
    h.requires_grad_()
    states, loss = [], 0
    for t in range(T):
        h = torch.exp(Delta[t][:, None] * A) * h + (Delta[t] * u[t])[:, None] * B[t]
        h.retain_grad()
        states.append(h)
        loss = loss + ((h * C[t]).sum(1) * weight[t]).sum()
    loss.backward()
    return torch.stack([s.grad for s in states]).numpy(), Delta.grad.numpy(), torch.stack(states)


@pytest.mark.equation("eq-selective-back", tolerance=1e-11)
def test_back(check, rng):
    """Left: autograd at every state; right: the recursion from the end."""
    Delta, _, B, C, A, _, weight = case = s6_case(rng)
    keep = np.exp(Delta[:, :, None] * A)
    later = np.concatenate([keep[1:], np.zeros((1, H, S))])

    def back(keep=later, own=C):
        delta, all_of_them = np.zeros((H, S)), []
        for t in reversed(range(T)):
            delta = weight[t][:, None] * own[t] + keep[t] * delta
            all_of_them.append(delta)
        return np.stack(all_of_them[::-1])

    planted = {
        "the step's own factor": back(keep),
        "B for C": back(own=B),
        "nothing from later": back(0 * keep),
        "nothing fades": back(np.ones_like(keep)),
    }
    check(autograd(*case)[0], back(), planted=planted)


@pytest.mark.equation("eq-selective-ddelta", tolerance=1e-11)
def test_ddelta(check, rng):
    """Left: autograd at Delta; right: as printed, with autograd's gradients at the states."""
    Delta, u, B, _, A, h_0, _ = case = s6_case(rng)
    delta, left, h = autograd(*case)
    h = h.detach().numpy()
    before = np.concatenate([h_0[None], h[:-1]])
    keep, wrote = np.exp(Delta[:, :, None] * A), u[:, :, None] * B[:, None]

    def gradient(kept=A * keep * before, wrote=wrote):
        return (delta * (kept + wrote)).sum(2)

    planted = {
        "only what is kept": gradient(wrote=0 * wrote),
        "only what is written": gradient(0 * keep),
        "no A": gradient(keep * before),
        "the state after the step": gradient(A * keep * h),
        "no factor": gradient(A * before),
    }
    check(left, gradient(), planted=planted)
