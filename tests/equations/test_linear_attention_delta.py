"""The equations of book/recurrence-returns/linear-attention-delta.md, by independent routes."""

import numpy as np
import pytest
import torch
from written_matrix import D, H, T, draw, matrices


@pytest.mark.equation("eq-linear-descent", tolerance=1e-12)
def test_descent(check, rng):
    """Left: autograd; right: as printed."""
    _, (k, *_), (v, *_), *_, S = draw(rng)
    leaf = torch.tensor(S, requires_grad=True)
    missing = torch.tensor(v) - torch.tensor(k) @ leaf
    (left,) = torch.autograd.grad(missing.square().sum() / 2, leaf)

    def printed(sign, missing):
        return sign * np.outer(k, missing)

    planted = {
        "the wrong sign": printed(1, v - k @ S),
        "without the half": printed(-2, v - k @ S),
        "the value alone": printed(-1, v),
        "what is found alone": printed(-1, -k @ S / 2),
    }
    check(left, printed(-1, v - k @ S), planted=planted)


def factor(k, beta):
    return np.eye(len(k)) - beta * np.outer(k, k)


@pytest.mark.equation("eq-linear-factor", tolerance=1e-12)
def test_factor(check, rng):
    """Left: as printed, from step to step; right: reading first and then writing."""
    _, k, v, _, beta, S_0 = draw(rng)

    def run(A, strength=beta):
        S = S_0
        for t in range(T):
            S = A(t) @ S + strength[t] * np.outer(k[t], v[t])
        return S

    planted = {
        "beta missing in the factor": run(lambda t: factor(k[t], 1)),
        "beta missing in the write": run(lambda t: factor(k[t], beta[t]), np.ones(T)),
        "plus": run(lambda t: factor(k[t], -beta[t])),
        "keys of length 1": run(lambda t: factor(k[t] / np.linalg.norm(k[t]), beta[t])),
    }
    right = matrices(k, v, np.ones(T), beta, S_0)[-1]
    check(run(lambda t: factor(k[t], beta[t])), right, planted=planted)


@pytest.mark.equation("eq-linear-eigenvalue", tolerance=1e-12)
def test_eigenvalue(check, rng):
    """Left: H - 1 ones and the eigenvalue of the text; right: LAPACK's eigenvalues."""
    _, (k, *_), _, _, (beta, *_), _ = draw(rng)
    right = np.sort(np.linalg.eigvalsh(factor(k, beta)))

    def said(other):
        return np.sort([other, *np.ones(H - 1)])

    planted = {
        "keys of length 1": said(1 - beta),
        "the length, not squared": said(1 - beta * np.linalg.norm(k)),
        "without the 1": said(-beta * k @ k),
        "plus": said(1 + beta * k @ k),
    }
    check(said(1 - beta * k @ k), right, planted=planted)


@pytest.mark.equation("eq-linear-settled", tolerance=1e-6)
def test_settled(check, rng):
    """Left: as printed; right: the pairs of 3 keys written in 3,000 rounds."""
    n = 3
    K, V = rng.normal(size=(n, H)), rng.normal(size=(n, D))
    K /= np.linalg.norm(K, axis=1, keepdims=True)

    def rounds(S):
        one = np.ones(n * 3000)
        return matrices(np.tile(K, (3000, 1)), np.tile(V, (3000, 1)), one, one, S)[-1]

    planted = {
        "the sum": K.T @ V,
        "keys not yet made independent": K.T @ (K @ K.T) @ V,
        "another start": rounds(rng.normal(size=(H, D))),
        "the diagonal alone": K.T @ np.diag(1 / np.diag(np.linalg.inv(K @ K.T))) @ V,
    }
    check(K.T @ np.linalg.inv(K @ K.T) @ V, rounds(np.zeros((H, D))), planted=planted)


@pytest.mark.equation("eq-linear-family", tolerance=1e-12)
def test_family(check, rng):
    """Left: A_t and u_t of the table's last row; right: the gated delta rule, step by step."""
    _, k, v, alpha, beta, S_0 = draw(rng)

    def run(A, u):
        S = S_0
        for t in range(T):
            S = A(t) @ S + np.outer(k[t], u[t])
        return S

    written = beta[:, None] * v

    def correct(t):
        return alpha[t] * factor(k[t], beta[t])

    planted = {
        "Mamba-2's row": run(lambda t: alpha[t] * np.eye(H), written),
        "DeltaNet's row": run(lambda t: factor(k[t], beta[t]), written),
        "the write fades as well": run(correct, alpha[:, None] * written),
        "the value in full": run(correct, v),
    }
    check(run(correct, written), matrices(k, v, alpha, beta, S_0)[-1], planted=planted)
