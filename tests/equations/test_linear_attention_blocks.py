"""The equations of book/recurrence-returns/linear-attention-blocks.md, by independent routes."""

import numpy as np
import pytest
import torch
from written_matrix import D, H, T, draw, matrices

C = T  # one block of all steps


def block(rng):
    """q, k, v, alpha, beta, M, the decays γ and what each step writes, from the recurrence."""
    q, k, v, alpha, beta, M = draw(rng)
    S = [np.asarray(s) for s in matrices(k, v, alpha, beta, M)]
    u = np.stack([beta[t] * (v[t] - alpha[t] * k[t] @ S[t]) for t in range(C)])
    return q, k, v, alpha, beta, M, np.cumprod(alpha), u, S


def lower(gamma, scores, k=0):
    """Scores times γ_i / γ_j, on and below the k-th diagonal."""
    return np.tril(gamma[:, None] / gamma * scores, k)


@pytest.mark.equation("eq-linear-within", tolerance=1e-12)
def test_within(check, rng):
    """Left: as printed, for every step; right: the recurrence."""
    _, k, _, alpha, _, M, gamma, u, S = block(rng)

    def printed(start=gamma, end=lambda i: i + 1, weight=lambda i, j: gamma[i] / gamma[j]):
        sums = [sum(weight(i, j) * np.outer(k[j], u[j]) for j in range(end(i))) for i in range(C)]
        return start[:, None, None] * M + np.array([s + np.zeros((H, D)) for s in sums])

    planted = {
        "the state before does not fade": printed(np.ones(C)),
        "the step itself is left out": printed(end=lambda i: i),
        "what is written does not fade": printed(weight=lambda i, j: 1),
        "the quotient upside down": printed(weight=lambda i, j: gamma[j] / gamma[i]),
        "one decay too many": printed(weight=lambda i, j: gamma[i] / gamma[j] * alpha[j]),
    }
    check(printed(), np.stack(S[1:]), planted=planted)


@pytest.mark.equation("eq-linear-read", tolerance=1e-12)
def test_read(check, rng):
    """Left: as printed; right: each query on its own state."""
    q, k, _, _, _, M, gamma, u, S = block(rng)
    A = lower(gamma, q @ k.T)
    start = gamma[:, None] * (q @ M)
    planted = {
        "no decay in A": start + np.tril(q @ k.T) @ u,
        "its own write is not read": start + np.tril(A, -1) @ u,
        "later writes are read": start + (gamma[:, None] / gamma * (q @ k.T)) @ u,
        "the state before does not fade": q @ M + A @ u,
    }
    right = np.stack([q[i] @ S[i + 1] for i in range(C)])
    check(start + A @ u, right, planted=planted)


@pytest.mark.equation("eq-linear-work", tolerance=1e-12)
def test_work(check, rng):
    """Left: as printed, for several sizes; right: multiplications counted product by product."""
    sizes = rng.integers(2, 200, size=(5, 2))

    def counted(c, h):
        def product(n, m, p):
            return n * m * p

        whole = [product(c, h, c), product(c, c, h), product(c, h, h), product(h, c, h)]
        return sum(whole) / c

    def formula(f):
        return np.array([f(float(c), float(h)) for c, h in sizes])

    planted = {
        "for the whole block": formula(lambda c, h: 2 * h * c * (c + h)),
        "no scores": formula(lambda c, h: h * (c + 2 * h)),
        "without the 2": formula(lambda c, h: h * (c + h)),
        "the loop's": formula(lambda c, h: 2 * h * h),
    }
    right = np.array([counted(c, h) for c, h in sizes])
    check(formula(lambda c, h: 2 * h * (c + h)), right, planted=planted)


@pytest.mark.equation("eq-linear-missing", tolerance=1e-12)
def test_missing(check, rng):
    """Left: what the recurrence writes, put into the left side; right: the right side."""
    _, k, v, alpha, beta, M, gamma, u, _ = block(rng)
    L = beta[:, None] * lower(gamma, k @ k.T, -1)
    right = beta[:, None] * (v - gamma[:, None] * (k @ M))
    planted = {
        "its own step as well": beta[:, None] * (v - gamma[:, None] * (k @ M)) + u,
        "the decay of one step": beta[:, None] * (v - alpha[:, None] * (k @ M)),
        "without beta": v - gamma[:, None] * (k @ M),
        "the other sign": beta[:, None] * (v + gamma[:, None] * (k @ M)),
    }
    check(u + L @ u, right, planted=planted)


@pytest.mark.equation("eq-linear-block", tolerance=1e-11)
def test_block(check, rng):
    """Left: U from the system; right: from the recurrence."""
    _, k, v, _, beta, M, gamma, u, _ = block(rng)
    L = beta[:, None] * lower(gamma, k @ k.T, -1)
    r = beta[:, None] * (v - gamma[:, None] * (k @ M))

    def solve(L, r):
        return np.linalg.solve(np.eye(C) + L, r)

    planted = {
        "with the diagonal": solve(beta[:, None] * lower(gamma, k @ k.T), r),
        "beta of the column": solve(beta * lower(gamma, k @ k.T, -1), r),
        "no decay in L": solve(beta[:, None] * np.tril(k @ k.T, -1), r),
        "transposed": solve(L.T, r),
        "no triangle": r.copy(),
    }
    check(solve(L, r), u, planted=planted)


@pytest.mark.equation("eq-linear-wy", tolerance=1e-11)
def test_wy(check, rng):
    """Left: the product, factor by factor; right: as printed."""
    _, k, _, _, beta, _, _, _, _ = block(rng)
    product = np.eye(H)
    for k_t, b in zip(k, beta, strict=True):
        product = (np.eye(H) - b * np.outer(k_t, k_t)) @ product
    L, scaled = beta[:, None] * np.tril(k @ k.T, -1), beta[:, None] * k

    def form(L):
        return np.eye(H) - k.T @ np.linalg.inv(np.eye(C) + L) @ scaled

    planted = {
        "in the opposite order": form(L).T,
        "with the diagonal": form(beta[:, None] * np.tril(k @ k.T)),
        "the factors' terms added": np.eye(H) - k.T @ scaled,
        "I - L": form(-L),
    }
    check(product, form(L), planted=planted)


def autograd(rng):
    """Gradients of a random loss at every state, value and decay, by autograd."""
    q, k, v, alpha, beta, S_0 = draw(rng)
    do, dS_T = rng.normal(size=(T, D)), rng.normal(size=(H, D))
    v, alpha = (torch.tensor(a, requires_grad=True) for a in (v, alpha))
    S = matrices(k, v, alpha, beta, torch.tensor(S_0, requires_grad=True))
    o = torch.stack([torch.tensor(q[t]) @ S[t + 1] for t in range(T)])
    L = (o * torch.tensor(do)).sum() + (S[-1] * torch.tensor(dS_T)).sum()
    grads = torch.autograd.grad(L, [*S, v, alpha])
    numbers = [a.detach().numpy() for a in (*S, v, alpha, o)]
    *S, v, alpha, o = numbers
    *dS, dv, dalpha = (a.numpy() for a in grads)
    return q, k, v, alpha, beta, do, dS_T, S, o, dS, dv, alpha * dalpha


@pytest.mark.equation("eq-linear-back", tolerance=1e-11)
def test_back(check, rng):
    """Left: as printed, from the last step to the first; right: autograd at every state."""
    q, k, _, alpha, beta, do, dS_T, _, _, dS, *_ = autograd(rng)

    def back(read=q, fade=alpha, sign=1, late=False):
        later, found = dS_T, []
        for t in reversed(range(T)):
            here = later + np.outer(read[t], do[t])
            found.append(here)
            dv = beta[t] * k[t] @ (later if late else here)
            later = fade[t] * (here - sign * np.outer(k[t], dv))
        return np.stack([*found, later])

    planted = {
        "read with the key": back(read=k),
        "no decay": back(fade=np.ones(T)),
        "the second way forgotten": back(sign=0),
        "the second way added": back(sign=-1),
        "dv without the own output": back(late=True),
    }
    check(back(), np.stack(dS[::-1]), planted=planted)


@pytest.mark.equation("eq-linear-back-decay", tolerance=1e-10)
def test_back_decay(check, rng):
    """Left: autograd; right: as printed."""
    _, _, v, _, _, do, dS_T, S, o, _, dv, dlog = autograd(rng)

    outputs, values = (do * o).sum(axis=1), (dv * v).sum(axis=1)

    def printed(terms=outputs - values, end=S[-1]):
        return (dS_T * end).sum() + terms[::-1].cumsum()[::-1]

    planted = {
        "the values' part forgotten": printed(outputs),
        "the values' part added": printed(outputs + values),
        "the last state forgotten": printed(end=0 * S[-1]),
        "the state at the start": printed(end=S[0]),
        "summed from the left": (dS_T * S[-1]).sum() + (outputs - values).cumsum(),
    }
    check(dlog, printed(), planted=planted)
