"""The equations of book/convolution/one-dimensional-matrix.md."""

import numpy as np
import pytest
import torch
from convolutions import SETTINGS, D, F, H, N, at, conv1d, draw, step, windows


def matrix(W, T, S, P, d, place=step):
    """M as an array (T, T', D, H) of blocks."""
    M = np.zeros((T, windows(T, S, P, d), D, H))
    for t in range(1, M.shape[1] + 1):
        for k in range(F):
            if 1 <= place(t, k, S, P, d) <= T:
                M[place(t, k, S, P, d) - 1, t - 1] = W[k]
    return M


def autograd(x, W, b, C, settings):
    """∂L/∂x, ∂L/∂W and ∂L/∂b for L = sum(C * y)."""
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, W, b)]
    (torch.tensor(C) * conv1d(*leaves, *settings)).sum().backward()
    return tuple(a.grad.numpy() for a in leaves)


@pytest.mark.equation("eq-conv-matrix", tolerance=1e-12)
@pytest.mark.parametrize("sizes", SETTINGS)
def test_matrix(check, rng, sizes):
    """Left side by torch's conv1d, right side by the matrix of blocks."""
    T, *settings = sizes
    x, W, b = draw(rng, T)

    def product(M):
        return np.einsum("sni,stij->tnj", x, M) + b

    def turned(t, k, *a):
        return step(t, F - 1 - k, *a)

    M = matrix(W, T, *settings)
    planted = {
        "band in the other direction": product(matrix(W, T, *settings, turned)),
        "first tap alone": product(matrix(W * [[[1]], [[0]], [[0]]], T, *settings)),
        "one step late": product(matrix(W, T, *settings, lambda *a: step(*a) + 1)),
        "no bias": product(M) - b,
    }
    check(conv1d(x, W, b, *settings), product(M), planted=planted)


@pytest.mark.equation("eq-conv-grad-matrix", tolerance=1e-12)
@pytest.mark.parametrize("sizes", SETTINGS)
def test_grad_matrix(check, rng, sizes):
    """Left side by autograd, right side by the transposed matrix."""
    T, *settings = sizes
    x, W, b = draw(rng, T)
    M = matrix(W, T, *settings)
    C = rng.normal(size=(M.shape[1], N, H))
    dx, *_ = autograd(x, W, b, C, settings)

    def back(M):
        return np.einsum("tnj,stij->sni", C, M)

    planted = {
        "filter turned": back(matrix(W[::-1], T, *settings)),
        "one step late": back(matrix(W, T, *settings, lambda *a: step(*a) + 1)),
        "last tap left out": back(matrix(W * [[[1]], [[1]], [[0]]], T, *settings)),
        "the mean over taps": back(M) / F,
    }
    check(dx, back(M), planted=planted)


@pytest.mark.equation("eq-conv-window", tolerance=1e-12)
def test_window(check, rng):
    """Left side as printed, right side by looking for the window that has its tap k on step s; all
    settings, all taps, all steps that a window has under its tap."""
    cases = [
        (t, step(t, k, S, P, d), k, S, P, d)
        for _, S, P, d in [*SETTINGS, (0, *rng.permutation([2, 3, 4]).tolist())]
        for t in range(1, 9)
        for k in range(F)
        if step(t, k, S, P, d) >= 1
    ]
    found, s, k, S, P, d = np.array(cases).T
    planted = {
        "tap's sign": 1 + (s - 1 + P + k * d) / S,
        "padding's sign": 1 + (s - 1 - P - k * d) / S,
        "not counted from 1": (s - 1 + P - k * d) / S,
        "steps counted from 0": 1 + (s + P - k * d) / S,
        "dilation forgotten": 1 + (s - 1 + P - k) / S,
        "stride forgotten": 1 + (s - 1 + P - k * d),
    }
    check(1 + (s - 1 + P - k * d) / S, found, planted=planted)


@pytest.mark.equation("eq-conv-grad-inputs", tolerance=1e-12)
@pytest.mark.parametrize("sizes", SETTINGS)
def test_grad_inputs(check, rng, sizes):
    """Left side by autograd, right side by the sum as printed."""
    T, *settings = sizes
    S, P, d = settings
    x, W, b = draw(rng, T)
    C = rng.normal(size=(windows(T, *settings), N, H))
    dx, *_ = autograd(x, W, b, C, settings)

    def collected(V, P=P):
        total = np.zeros((T, N, D))
        for s in range(1, T + 1):
            for k in range(F):
                t, rest = divmod(s - 1 + P - k * d, S)
                if rest == 0:
                    total[s - 1] += at(C, t + 1) @ V[k].T
        return total

    planted = {
        "filter turned": collected(W[::-1]),
        "one step early": collected(W, P - 1),
        "one step late": collected(W, P + 1),
        "last tap left out": collected(W * [[[1]], [[1]], [[0]]]),
        "the mean over taps": collected(W) / F,
    }
    check(dx, collected(W), planted=planted)


@pytest.mark.equation("eq-conv-grad-weights", tolerance=1e-12)
@pytest.mark.parametrize("sizes", SETTINGS)
def test_grad_weights(check, rng, sizes):
    """Left side by autograd, right side by the sums as printed."""
    T, *settings = sizes
    x, W, b = draw(rng, T)
    C = rng.normal(size=(windows(T, *settings), N, H))
    _, dW, db = autograd(x, W, b, C, settings)
    t_all = range(1, len(C) + 1)
    sums = np.array(
        [sum(at(x, step(t, k, *settings)).T @ C[t - 1] for t in t_all) for k in range(F)]
    )
    right = sums, C.sum(axis=(0, 1))
    planted = {
        "filter turned": (sums[::-1], right[1]),
        "mean over the windows": (sums / len(C), right[1]),
        "bias from the first step alone": (sums, C[0].sum(axis=0)),
    }
    check((dW, db), right, planted=planted)
