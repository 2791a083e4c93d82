"""The equations of book/recurrence-returns/state-space-steps.md, by independent routes."""

import numpy as np
import pytest
import torch


@pytest.fixture
def system(rng):
    """a, b, x, z(0) and the step size."""
    a = complex(-rng.uniform(0.2, 1), rng.uniform(1, 4))
    b, z, x = *(complex(*rng.normal(size=2)) for _ in range(2)), rng.normal()
    return a, b, x, z, rng.uniform(0.2, 0.5)


def moved(a, b, x, z, s, steps=2000):
    """z(s) by Runge and Kutta's rule, with x held."""
    h = s / steps
    for _ in range(steps):
        k1 = a * z + b * x
        k2 = a * (z + h / 2 * k1) + b * x
        k3 = a * (z + h / 2 * k2) + b * x
        k4 = a * (z + h * k3) + b * x
        z += h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return z


@pytest.mark.equation("eq-space-spring", tolerance=1e-12)
def test_spring(check, rng):
    """Left: as printed; right: eigenvalues of the matrix of height and speed."""
    kappa, rho = rng.uniform(2, 5), rng.uniform(0.2, 1)

    def pair(real, square):
        return real + 1j * np.sqrt(square) * np.array([-1, 1])

    right = np.linalg.eigvals([[0, 1], [-kappa, -rho]])
    right = right[np.argsort(right.imag)]
    planted = {
        "all of the friction": pair(-rho, kappa - rho**2 / 4),
        "growing": pair(rho / 2, kappa - rho**2 / 4),
        "friction does not slow": pair(-rho / 2, kappa),
        "no square": pair(-rho / 2, kappa - rho / 4),
    }
    check(pair(-rho / 2, kappa - rho**2 / 4), right, planted=planted)


@pytest.mark.equation("eq-space-continuous", tolerance=1e-6)
def test_continuous(check, system):
    """Left: a z + b x; right: the slope of a movement that torch's matrix exponential gives."""
    a, b, x, z, s = system
    M = torch.tensor([[a, b * x], [0, 0]], dtype=torch.complex128)
    start = torch.tensor([z, 1], dtype=torch.complex128)

    def at(time):
        return complex((torch.linalg.matrix_exp(M * time) @ start)[0])

    slope, now = (at(s + 1e-5) - at(s - 1e-5)) / 2e-5, at(s)
    planted = {
        "no push": a * now,
        "push not weighed": a * now + x,
        "at the start": a * z + b * x,
        "conjugated": a.conjugate() * now + b * x,
    }
    both = {name: np.array([value]) for name, value in planted.items()}
    check(np.array([a * now + b * x]), np.array([slope]), planted=both)


@pytest.mark.equation("eq-space-integrating", tolerance=1e-6)
def test_integrating(check, system):
    """Left: the derivative by differences along the movement; right: as printed."""
    a, b, x, z, s = system

    def weighed(time):
        return np.exp(-a * time) * moved(a, b, x, z, time)

    left = np.array([(weighed(s + 1e-5) - weighed(s - 1e-5)) / 2e-5])
    right = np.exp(-a * s) * b * x
    planted = {
        "the other sign": np.array([np.exp(a * s) * b * x]),
        "not weighed": np.array([b * x]),
        "divided by a": np.array([right / a]),
    }
    check(left, np.array([right]), planted=planted)


@pytest.mark.equation("eq-space-hold", tolerance=1e-9)
def test_hold(check, system):
    """Left: as printed; right: Runge and Kutta's rule in 2000 small steps."""
    a, b, x, z, Delta = system
    lam = np.exp(a * Delta)

    def step(lam=lam, scale=(lam - 1) / a):
        return np.array([lam * z + scale * b * x])

    planted = {
        "Euler's input": step(scale=Delta),
        "not divided by a": step(scale=lam - 1),
        "the other sign": step(scale=(1 - lam) / a),
        "Euler's factor": step(1 + a * Delta),
    }
    check(step(), np.array([moved(a, b, x, z, Delta)]), planted=planted)


@pytest.mark.equation("eq-space-trapezium", tolerance=2e-4)
def test_trapezium(check, system):
    """Both sides on the exact movement: they agree up to a third power of a small step."""
    a, b, _, z, _ = system
    x, Delta = 3.0, 0.005
    end = moved(a, b, x, z, Delta)
    planted = {
        "the mean twice": Delta * a * (z + end) + Delta * b * x,
        "no push": Delta * a * (z + end) / 2,
        "the push alone": Delta * b * x,
        "half the push": Delta * a * (z + end) / 2 + Delta * b * x / 2,
    }
    planted = {name: np.array([value]) / Delta for name, value in planted.items()}
    right = np.array([Delta * a * (z + end) / 2 + Delta * b * x]) / Delta
    check(np.array([end - z]) / Delta, right, planted=planted)


@pytest.mark.equation("eq-space-bilinear", tolerance=1e-9)
def test_bilinear(check, system):
    """Left: as printed; right: the trapezium rule solved by going round until it settles."""
    a, b, x, z, Delta = system
    end = z
    for _ in range(500):
        end = z + Delta * a * (z + end) / 2 + Delta * b * x

    def step(top, bottom, scale):
        return np.array([top / bottom * z + scale * b * x])

    w = a * Delta / 2
    planted = {
        "upside down": step(1 - w, 1 + w, Delta / (1 - w)),
        "input not solved for": step(1 + w, 1 - w, Delta),
        "no halves": step(1 + 2 * w, 1 - 2 * w, Delta / (1 - 2 * w)),
        "zero-order hold": np.array([moved(a, b, x, z, Delta)]),
    }
    check(step(1 + w, 1 - w, Delta / (1 - w)), np.array([end]), planted=planted)


@pytest.mark.equation("eq-space-warp", tolerance=1e-12)
def test_warp(check, rng):
    """Left: as printed; right: the angle of the bilinear step."""
    omega, Delta = rng.uniform(0.5, 4, 6), 0.5
    right = np.angle((1 + 0.5j * omega * Delta) / (1 - 0.5j * omega * Delta))
    planted = {
        "the true angle": omega * Delta,
        "once": np.arctan(omega * Delta / 2),
        "no half": 2 * np.arctan(omega * Delta),
        "the tangent": 2 * np.tan(omega * Delta / 2),
    }
    check(2 * np.arctan(omega * Delta / 2), right, planted=planted)
