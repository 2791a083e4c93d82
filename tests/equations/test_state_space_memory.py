"""The equations of book/recurrence-returns/state-space-memory.md, by independent routes."""

from functools import cache

import numpy as np
import pytest
import torch
from numpy.polynomial import Legendre, Polynomial, legendre

H = 6


@cache
def g(n):
    """g_n as a polynomial in p, from Legendre's by numpy's change of the interval."""
    return np.sqrt(2 * n + 1) * Legendre.basis(n, domain=[0, 1]).convert(kind=Polynomial)


NODES = legendre.leggauss(60)


def integral(f):
    """From 0 to 1, by Gauss's rule, of a function that takes and returns arrays."""
    y, w = NODES
    return float(f((y + 1) / 2) @ w / 2)


@pytest.fixture
def signal(rng):
    """x and its derivative, three waves."""
    a, w, phase = rng.normal(size=3), rng.uniform(0.5, 2, 3), rng.uniform(0, 6, 3)

    def x(s):
        return sum(a * np.cos(w * s + phase) for a, w, phase in zip(a, w, phase, strict=True))

    return x


def kept(x, s, n, weight=lambda p: 1, poly=g):
    return integral(lambda p: weight(p) * poly(n)(p) * x(p * s))


def moving(x, s, n, step=1e-5):
    """s times the derivative of z_n."""
    return s * (kept(x, s + step, n) - kept(x, s - step, n)) / (2 * step)


def printed(diagonal=lambda n: n + 1.0):
    """A and b as they stand on the page, entry by entry."""
    b = np.array([np.sqrt(2 * n + 1) for n in range(H)])
    A = np.zeros((H, H))
    for n in range(H):
        A[n, n] = diagonal(n)
        for m in range(n):
            A[m, n] = np.sqrt(2 * m + 1) * np.sqrt(2 * n + 1)
    return A, b


@pytest.mark.equation("eq-space-project", tolerance=1e-6)
def test_project(check, signal):
    """Left: the printed integral; right: least squares with powers of p on a fine grid."""
    s, p = 3.0, (np.arange(200_000) + 0.5) / 200_000
    powers = p[:, None] ** np.arange(H)
    fitted = Polynomial(np.linalg.lstsq(powers, signal(p * s), rcond=None)[0])
    basis = np.linalg.inv([[*g(n).coef, *[0] * (H - 1 - n)] for n in range(H)])
    right = fitted.coef @ basis

    def left(**changed):
        return np.array([kept(signal, s, n, **changed) for n in range(H)])

    planted = {
        "Legendre's without the root": left(poly=lambda n: g(n) / np.sqrt(2 * n + 1)),
        "the past turned round": left(poly=lambda n: (-1) ** n * g(n)),
        "not laid on 0 to 1": s * left(),
        "weighed": left(weight=lambda p: 2 * p),
    }
    check(left(), right, planted=planted)


@pytest.mark.equation("eq-space-parts", tolerance=1e-7)
def test_parts(check, signal):
    """Left: the derivative of z_n by differences; right: both printed lines."""
    s, step = 3.0, 1e-6
    p_prime = [(Polynomial([0, 1]) * g(n)).deriv() for n in range(H)]

    def slope(p):
        return (signal((p + step) * s) - signal((p - step) * s)) / (2 * step)

    first = np.array([integral(lambda p, n=n: g(n)(p) * p * slope(p)) for n in range(H)])

    def second(edge=lambda n: g(n)(1.0), sign=-1, poly=lambda n: p_prime[n]):
        rest = [kept(signal, s, n, poly=poly) for n in range(H)]
        return np.array([edge(n) * signal(s) + sign * rest[n] for n in range(H)])

    left = np.array([moving(signal, s, n) for n in range(H)])
    planted = {
        "edge is 1": (first, second(edge=lambda n: 1.0)),
        "the other sign": (first, second(sign=1)),
        "p is not differentiated": (
            first,
            second(poly=lambda n: Polynomial([0, 1]) * g(n).deriv()),
        ),
        "the beginning's edge": (first, second(edge=lambda n: (-1) ** n * g(n)(1.0))),
    }
    check((left, left + 0), (first, second()), planted=planted)


@pytest.mark.equation("eq-space-expand", tolerance=1e-10)
def test_expand(check, rng):
    """Left: (p g_n)' as a polynomial; right: the sum with the printed entries."""
    places = rng.random(9)
    left = np.array([(Polynomial([0, 1]) * g(n)).deriv()(places) for n in range(H)])
    values = np.array([g(m)(places) for m in range(H)])
    A, _ = printed()
    planted = {
        "transposed": A @ values,
        "n on the diagonal": printed(lambda n: n)[0].T @ values,
        "2n + 1 on the diagonal": printed(lambda n: 2 * n + 1)[0].T @ values,
        "signs that alternate": (A * (-1.0) ** np.add.outer(range(H), range(H))).T @ values,
    }
    check(left, A.T @ values, planted=planted)


@pytest.mark.equation("eq-space-legs", tolerance=1e-7)
def test_legs(check, signal):
    """Left: s times the derivative of the projection; right: as printed."""
    s = 2.5
    z = np.array([kept(signal, s, n) for n in range(H)])
    left = np.array([moving(signal, s, n) for n in range(H)])
    A, b = printed()
    planted = {
        "columns for rows": signal(s) * b - A @ z,
        "the past added": signal(s) * b + z @ A,
        "n on the diagonal": signal(s) * b - z @ printed(lambda n: n)[0],
        "b of ones": signal(s) * np.ones(H) - z @ A,
        "s left out": (signal(s) * b - z @ A) / s,
    }
    check(left, signal(s) * b - z @ A, planted=planted)


@pytest.mark.equation("eq-space-squeeze", tolerance=1e-9)
def test_squeeze(check, rng):
    """Left: as printed, from step to step; right: the integral over the steps of the whole past."""
    x, (A, b) = rng.normal(size=9), printed()
    e = np.eye(H)[0]

    def walk(clock=lambda t: np.log((t + 1) / t), matrix=A, one=e):
        z = x[0] * e
        for t in range(1, len(x)):
            R = torch.linalg.matrix_exp(torch.tensor(-matrix * clock(t))).numpy()
            z = (z - x[t] * one) @ R + x[t] * one
        return z

    right = np.zeros(H)
    for n in range(H):
        whole = g(n).integ()
        for t, value in enumerate(x):
            right[n] += value * (whole((t + 1) / len(x)) - whole(t / len(x)))
    planted = {
        "columns for rows": walk(matrix=A.T),
        "1/t, as by Euler's rule": walk(lambda t: 1 / t),
        "1/(t + 1)": walk(lambda t: 1 / (t + 1)),
        "pushed to b": walk(one=b),
    }
    check(walk(), right, planted=planted)


@pytest.mark.equation("eq-space-warped", tolerance=1e-8)
def test_warped(check, rng):
    """Left: the system run with small exact steps on a signal that is held; right: the integral."""
    x, held, (A, b) = rng.normal(size=40), 0.5, printed()
    kept_of = torch.linalg.matrix_exp(torch.tensor(-A * held)).numpy()
    push, z = np.linalg.solve(A.T, b @ (np.eye(H) - kept_of)), np.zeros(H)
    for value in x:
        z = z @ kept_of + value * push
    ages = held * np.arange(len(x) + 1)
    y, w = legendre.leggauss(20)

    def right(weight=lambda a: np.exp(-a), poly=lambda n, p: g(n)(p)):
        total = np.zeros(H)
        for old, young, value in zip(ages[1:], ages, x[::-1], strict=False):
            age = (old + young) / 2 + (old - young) / 2 * y
            for n in range(H):
                inside = poly(n, np.exp(-age)) * weight(age)
                total[n] += value * (inside @ w) * (old - young) / 2
        return total

    planted = {
        "not weighed": right(lambda a: np.exp(-a) ** 0),
        "weighed by half the age": right(lambda a: np.exp(-a / 2)),
        "turned round": right(poly=lambda n, p: g(n)(1 - p)),
        "Legendre's alone": right(poly=lambda n, p: g(n)(p) / np.sqrt(2 * n + 1)),
    }
    check(z, right(), planted=planted)


@pytest.mark.equation("eq-space-normal", tolerance=1e-10)
def test_normal(check, rng):
    """Left: a row times A, integrated from its definition; right: times the printed parts."""
    A = np.array(
        [
            [
                integral(lambda p, m=m, n=n: (Polynomial([0, 1]) * g(n)).deriv()(p) * g(m)(p))
                for n in range(H)
            ]
            for m in range(H)
        ]
    )
    b = np.sqrt(2 * np.arange(H) + 1)
    S = np.zeros((H, H))
    for m in range(H):
        for n in range(m + 1, H):
            S[m, n], S[n, m] = b[m] * b[n] / 2, -b[m] * b[n] / 2
    row, half, rank_one = rng.normal(size=H), np.eye(H) / 2, np.outer(b, b) / 2
    planted = {
        "S the other way": row @ (half - S + rank_one),
        "symmetric": row @ (half + abs(S) + rank_one),
        "the whole identity": row @ (2 * half + S + rank_one),
        "rank one subtracted": row @ (half + S - rank_one),
    }
    check(row @ A, row @ (half + S + rank_one), planted=planted)


@pytest.mark.equation("eq-space-dropped", tolerance=1e-9)
def test_dropped(check, rng):
    """Left: what both systems settle to, and by how much they differ; right: as printed."""
    omega, (A, b) = rng.uniform(1, 9), printed()
    at = 1j * omega * np.eye(H)
    full = np.linalg.solve((at + A).T, b)
    hands = np.linalg.solve((at + A - np.outer(b, b) / 2).T, b / 2)
    left = full, np.array([np.linalg.norm(full - hands) / np.linalg.norm(hands)])

    def printed_(product, size):
        return (1 + product) * hands, np.array([size])

    n = np.arange(H)
    product = np.prod((1j * omega - n) / (1j * omega + n + 1))
    size = omega / np.sqrt(H**2 + omega**2)
    planted = {
        "the other sign": printed_(-product, size),
        "n for n + 1": printed_(np.prod((1j * omega - n) / (1j * omega + n)), size),
        "not dropped": printed_(0, size),
        "without the root": printed_(product, omega / (H**2 + omega**2)),
        "omega / H": printed_(product, omega / H),
        "pushed as hard": (2 * (1 + product) * hands, np.array([size])),
    }
    check(left, printed_(product, size), planted=planted)


def driven(rng):
    """The step M and push r of the hands, and their covariance, a sum that is doubled."""
    held, (A, b) = rng.uniform(0.02, 0.1), printed()
    A = A - np.outer(b, b) / 2  # the hands alone, of which nothing is nearly 0
    M = torch.linalg.matrix_exp(torch.tensor(-A * held)).numpy()
    r = np.linalg.solve(A.T, b - b @ M) / np.sqrt(held)
    P, power = np.outer(r, r), M
    for _ in range(20):  # 2^20 steps
        P, power = P + power.T @ P @ power, power @ power
    return held, A, M, r, P


@pytest.mark.equation("eq-space-present", tolerance=1e-7)
def test_present(check, rng):
    """Left: what a best reading misses, from the covariance; right: both printed forms."""
    held, A, M, r, P = driven(rng)
    missed = 1 - r @ np.linalg.solve(P, r)

    det, trace = np.linalg.det(M), np.trace(A)

    def right(first=det**2, exponent=-2 * held * trace):
        return np.array([first, np.exp(exponent)])

    planted = {
        "not squared": right(first=det),
        "the trace once": right(exponent=-held * trace),
        "the step left out": right(exponent=-2 * trace),
        "with the part of rank one": right(exponent=-held * H * (H + 1)),
        "the share that is right": 1 - right(),
    }
    check(np.array([missed, missed]), right(), planted=planted)


@pytest.mark.equation("eq-space-capacity", tolerance=1e-6)
def test_capacity(check, rng):
    """Left: the shares of all inputs, one after another; right: the trace, and H."""
    _, _, M, r, P = driven(rng)
    shares, rows = [], []
    for _ in range(3000):
        rows.append(r)
        shares.append(r @ np.linalg.solve(P, r))
        r = r @ M

    def right(start=0, states=H):
        some = np.array(rows[start:])
        return np.array([np.trace(np.linalg.solve(P, some.T @ some)), states])

    planted = {
        "without the present": right(start=1),
        "one less": right(states=H - 1),
        "twice as many": right(states=2 * H),
    }
    check(np.array([sum(shares)] * 2), right(), planted=planted)
