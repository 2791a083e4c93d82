"""The equations of book/recurrence-returns/state-space.md, by independent routes."""

import numpy as np
import pytest
import torch

T, D, H = 9, 3, 4


def draw(rng):
    """x (T, D), radii and angles (H), gamma (H), B (D, H) and C (H, D), complex."""
    x, B, C = rng.normal(size=(T, D)), rng.normal(size=(2, D, H)), rng.normal(size=(2, H, D))
    r, theta = rng.uniform(0.6, 0.95, H), rng.uniform(0.3, 3, H)
    return x, r, theta, rng.uniform(0.2, 1, H), B[0] + 1j * B[1], C[0] + 1j * C[1]


def hands(x, r, theta, gamma, B):
    """Tips of the hands in real numbers, turned by matrices; as complex (T, H)."""
    tips = np.zeros((T, H, 2))
    for h in range(H):
        c, s = np.cos(theta[h]), np.sin(theta[h])
        turn, tip = r[h] * np.array([[c, -s], [s, c]]), np.zeros(2)
        for t in range(T):
            push = [sum(x[t, d] * part[d, h] for d in range(D)) for part in (B.real, B.imag)]
            tip = turn @ tip + gamma[h] * np.array(push)
            tips[t, h] = tip
    return tips[..., 0] + 1j * tips[..., 1]


@pytest.mark.equation("eq-space-step", tolerance=1e-12)
def test_step(check, rng):
    """Left: as printed, in complex numbers; right: real tips turned by matrices."""
    x, r, theta, gamma, B, _ = draw(rng)
    lam = r * np.exp(1j * theta)

    def run(lam=lam, gamma=gamma, B=B):
        z = [np.zeros(H, complex)]
        for t in range(T):
            z.append(lam * z[-1] + gamma * (x[t] @ B))
        return np.array(z[1:])

    planted = {
        "turned the other way": run(lam.conj()),
        "not turned": run(r + 0j),
        "not scaled": run(gamma=np.ones(H)),
        "B conjugated": run(B=B.conj()),
        "what is kept is scaled, too": run(gamma * lam),
    }
    check(run(), hands(x, r, theta, gamma, B), planted=planted)


@pytest.mark.equation("eq-space-unrolled", tolerance=1e-12)
def test_unrolled(check, rng):
    """Left: torch's loop; right: the sum over the past."""
    x, r, theta, gamma, B, _ = draw(rng)
    lam, u = r * np.exp(1j * theta), gamma * (x @ B)
    z, states = torch.zeros(H, dtype=torch.complex128), []
    for row in torch.as_tensor(u):
        z = torch.as_tensor(lam) * z + row
        states.append(z)

    def past(power=lambda k: k, last=lambda t: t, factor=lam):
        return np.array(
            [
                sum(factor ** power(k) * u[t - 1 - k] for k in range(last(t)))
                for t in range(1, T + 1)
            ]
        )

    planted = {
        "one power too many": past(lambda k: k + 1),
        "one step is missing": past(last=lambda t: max(t - 1, 1)),
        "the oldest kept best": past(lambda k: T - k),
        "angles left out": past(factor=r),
    }
    check(torch.stack(states).numpy(), past(), planted=planted)


@pytest.mark.equation("eq-space-times", tolerance=1e-9)
def test_times(check, rng):
    """Left: as printed; right: where a push crosses 1/e, and one turn, by bisection."""
    r, theta = rng.uniform(0.6, 0.999, 5), rng.uniform(0.05, 3, 5)

    def crossing(f):
        low, high = 0.0, 1e5
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (middle, high) if f(middle) else (low, middle)
        return low

    measured = [crossing(lambda k, r=r: r**k > np.exp(-1)) for r in r]
    turns = [crossing(lambda k, a=a: k * a < np.radians(360)) for a in theta]
    tau, P = -1 / np.log(r), 2 * np.pi / theta
    planted = {
        "the logarithm to base 2": np.concatenate([-1 / np.log2(r), P]),
        "1 / (1 - r)": np.concatenate([1 / (1 - r), P]),
        "half a turn": np.concatenate([tau, np.pi / theta]),
        "steps and angle exchanged": np.concatenate([tau, theta / (2 * np.pi)]),
    }
    check(np.concatenate([tau, P]), np.array(measured + turns), planted=planted)


@pytest.mark.equation("eq-space-kernel", tolerance=1e-12)
def test_kernel(check, rng):
    """Left: the printed filter, convolved; right: tips of hands, read part by part."""
    _, r, theta, gamma, B, C = draw(rng)
    x, b, c, lam = rng.normal(size=T), B[0], C[:, 0], r * np.exp(1j * theta)
    only = np.zeros((T, D))
    only[:, 0] = x
    z = hands(only, r, theta, gamma, B)
    right = z.real @ c.real - z.imag @ c.imag

    def printed(c=c, b=b, gamma=gamma, shift=0, take=np.real):
        K = take([(c * gamma * b * lam ** (k + shift)).sum() for k in range(T)])
        return np.convolve(x, K)[:T]

    planted = {
        "read out conjugated": printed(c=c.conj()),
        "gamma left out": printed(gamma=1),
        "one step later": printed(shift=1),
        "imaginary part": printed(take=np.imag),
        "b left out": printed(b=1),
    }
    check(printed(), right, planted=planted)


@pytest.mark.equation("eq-space-exponential", tolerance=1e-12)
def test_exponential(check, rng):
    """Left: as printed; right: radius and angle as real numbers, put together by cos and sin."""
    nu, phi = rng.normal(size=6), rng.uniform(-2, 1, 6)
    memory = 1 / np.exp(nu)  # tau
    r, theta = np.exp(-1 / memory), np.exp(phi)
    printed = np.exp(-np.exp(nu) + 1j * np.exp(phi))
    planted = {
        "sign lost": np.exp(np.exp(nu) + 1j * np.exp(phi)),
        "angle itself": np.exp(-np.exp(nu) + 1j * phi),
        "not exponentiated": np.exp(-nu + 1j * np.exp(phi)),
        "turned the other way": printed.conj(),
    }
    check(printed, r * np.cos(theta) + 1j * r * np.sin(theta), planted=planted)


@pytest.mark.equation("eq-space-gamma", tolerance=1e-9)
def test_gamma(check, rng):
    """Left: v for any gamma, and for the printed one; right: the sum of what all pushes leave."""
    r, any_gamma = rng.uniform(0.5, 0.97, 5), rng.uniform(0.2, 2, 5)
    gamma = np.sqrt(1 - r**2)
    left_over = (r[:, None] ** (2 * np.arange(3000))).sum(axis=1)  # independent pushes add up
    right = np.concatenate([any_gamma**2 * left_over, gamma**2 * left_over])
    v, one = any_gamma**2 / (1 - r**2), np.ones(5)
    planted = {
        "no square of r": np.concatenate([any_gamma**2 / (1 - r), one]),
        "no square of gamma": np.concatenate([any_gamma / (1 - r**2), one]),
        "no root": np.concatenate([v, (1 - r**2) * left_over * (1 - r**2)]),
        "1 + r²": np.concatenate([any_gamma**2 / (1 + r**2), one]),
    }
    check(np.concatenate([v, one]), right, planted=planted)
