"""The equations of book/training/vanishing-gradients-powers.md, each by another route."""

import math

import numpy as np
import pytest

H = 5


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


def schur_bound(n, rho, R, terms):
    """The printed sum, with a choice of how many terms."""
    j = np.arange(min(n, terms) + 1)
    return sum(math.comb(n, i) * rho ** (n - i) * R**i for i in j)


@pytest.mark.equation("eq-vanishing-bounds", tolerance=1e-9)
def test_bounds(check, rng):
    """Left: no violation; right: violations, norms by power iteration, ρ by eigenvalues."""
    matrices = [rng.normal(size=(H, H)) / 2, np.array([[0.9, 10.0], [0.0, 0.9]]), -1.5 * np.eye(2)]
    n = np.arange(1, 9)
    norms = [np.array([size(np.linalg.matrix_power(W, i)) for i in n]) for W in matrices]
    low = [radius(W) ** n for W in matrices]
    high = [size(W) ** n for W in matrices]
    pairs = list(zip(matrices, norms, strict=True))
    planted = {
        "ρ as upper bound (deck D0)": sum(excess(m, b) for m, b in zip(norms, low, strict=True)),
        "norm as lower bound (deck D3)": sum(
            excess(b, m) for m, b in zip(norms, high, strict=True)
        ),
        "largest entry for the norm": sum(excess(m, np.abs(W).max() ** n) for W, m in pairs),
    }
    right = sum(
        excess(a, m) + excess(m, b) for a, m, b in zip(low, norms, high, strict=True)
    )  # both sides, all three matrices
    # for a normal matrix both are equalities: the bounds cannot be improved
    Q, _ = np.linalg.qr(rng.normal(size=(H, H)))
    normal = Q @ np.diag([0.9, -1.1, 0.3, 0.5, -0.2]) @ Q.T
    equal = np.array([size(np.linalg.matrix_power(normal, i)) for i in n])
    wrong = {name: (value, equal) for name, value in planted.items()}
    wrong["signed largest eigenvalue (deck D0)"] = (0.0, 0.9**n)
    check((0.0, equal), (right, radius(normal) ** n), planted=wrong)


@pytest.mark.equation("eq-vanishing-diagonal", tolerance=1e-9)
def test_diagonal(check, rng):
    """Left: W multiplied n times; right: by eigenvectors, complex ones included."""
    W, n = rng.normal(size=(H, H)), 7
    W[:2, :2] = 3 * np.array([[0.6, -0.8], [0.8, 0.6]])  # a plane that turns
    W[2:, :2] = 0
    eigenvalues, E = np.linalg.eig(W)
    assert np.iscomplex(eigenvalues).any()
    power = np.eye(H)
    for _ in range(n):
        power = power @ W

    def rebuilt(back, n):
        return E @ np.diag(eigenvalues**n) @ back

    def both(back):
        return rebuilt(back, 1), rebuilt(back, n)

    inverse = np.linalg.inv(E)
    planted = {
        "E transposed for the inverse (deck D0)": both(E.T),
        "conjugate transpose": both(E.conj().T),
        "n - 1": (rebuilt(inverse, 1), rebuilt(inverse, n - 1)),
    }
    check((W + 0j, power + 0j), both(inverse), planted=planted)


@pytest.mark.equation("eq-vanishing-shear", tolerance=1e-12)
def test_shear(check, rng):
    """Left: the product of n factors; right: the closed form."""
    n = int(rng.integers(2, 60))
    W = np.array([[0.9, 10.0], [0.0, 0.9]])
    left = np.eye(2)
    for _ in range(n):
        left = left @ W
    right = 0.9**n * np.array([[1, 10 * n / 0.9], [0, 1]])
    planted = {
        "10 n in the corner": 0.9**n * np.array([[1, 10 * n], [0, 1]]),
        "n - 1 for n": 0.9**n * np.array([[1, 10 * (n - 1) / 0.9], [0, 1]]),
        "the corner below": right.T,
        "entry by entry": np.array([[0.9**n, 10.0**n], [0, 0.9**n]]),
    }
    check(left, right, planted=planted)


@pytest.mark.equation("eq-vanishing-schur", tolerance=1e-9)
def test_schur(check, rng):
    """Left: no violation, and a case of equality; right: norms of powers against the sum."""
    norms, rights, cut, no_choice = [], [], [], []
    for _ in range(20):
        Lambda = np.diag(rng.uniform(-0.9, 0.9, size=H))
        R = np.triu(rng.exponential(size=(H, H)), k=1) * rng.choice([0.1, 3.0])
        Q, _ = np.linalg.qr(rng.normal(size=(H, H)))
        W, rho, r = Q @ (Lambda + R) @ Q.T, np.abs(Lambda).max(), size(R)
        for n in (1, 3, 8, 20):
            norms.append(np.linalg.norm(np.linalg.matrix_power(W, n), 2))
            rights.append(schur_bound(n, rho, r, H - 1))
            cut.append(schur_bound(n, rho, r, 1))
            no_choice.append(sum(rho ** (n - j) * r**j for j in range(min(n, H - 1) + 1)))
    # equality: ρ = 0 and R a shift, whose (H-1)-th power is one entry, and the H-th is zero
    shift = 3.0 * np.eye(H, k=1)
    n = np.arange(1, H + 2)
    left = [size(np.linalg.matrix_power(shift, i)) if i < H else 0.0 for i in n]

    def right(terms):
        return [schur_bound(int(i), 0.0, 3.0, terms) for i in n]

    planted = {
        "two terms": (excess(norms, cut), right(1)),
        "binomials forgotten": (excess(norms, no_choice), right(H - 1)),
        "one term too many": (0.0, right(H)),
    }
    check((0.0, left), (excess(norms, rights), right(H - 1)), planted=planted)
