"""The equations of book/convolution/one-dimensional.md."""

import numpy as np
import pytest
import torch

from unrolled.layers.conv import Conv

N, D, H, F = 2, 4, 5, 3
SETTINGS = [(12, 1, 0, 1), (11, 2, 3, 1), (13, 3, 2, 2), (10, 2, 4, 3)]  # T, S, P, d


def conv1d(x, W, b, S=1, P=0, d=1):
    """torch's layer on arrays (T, N, D), (F, D, H), (H,) -> (T', N, H); tensors stay tensors."""
    x, W, b = (torch.as_tensor(a) for a in (x, W, b))
    y = torch.nn.functional.conv1d(
        x.permute(1, 2, 0), W.permute(2, 1, 0), b, stride=S, padding=P, dilation=d
    )
    return y.permute(2, 0, 1)


def draw(rng, T):
    return rng.normal(size=(T, N, D)), rng.normal(size=(F, D, H)), rng.normal(size=H)


def at(x, s):
    """x_s for s = 1…T, and zero outside."""
    return x[s - 1] if 1 <= s <= len(x) else np.zeros_like(x[0])


def step(t, k, S, P, d):
    """s(t, k), counted from 1."""
    return (t - 1) * S + 1 + k * d - P


def windows(T, S, P, d):
    """T' by putting windows down one after the other."""
    return sum(s + (F - 1) * d <= T + P for s in range(1 - P, T + P + 1, S))


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


@pytest.mark.equation("eq-conv-column", tolerance=1e-12)
def test_column(check, rng):
    """Left side by the sum as printed, right side by NumPy's convolve of the turned filter."""
    x, w, b = rng.normal(size=11), rng.normal(size=F), rng.normal()
    T = len(x)
    left = [b + sum(x[t + k - 1] * w[k] for k in range(F)) for t in range(1, T - F + 2)]
    check(
        left,
        np.convolve(x, w[::-1], "valid") + b,
        planted={
            "filter turned": np.convolve(x, w, "valid") + b,
            "bias for each tap": np.convolve(x, w[::-1], "valid") + F * b,
            "T outputs": np.convolve(x, w[::-1], "same") + b,
        },
    )


@pytest.mark.equation("eq-conv-index", tolerance=1e-12)
@pytest.mark.parametrize("sizes", SETTINGS)
def test_index(check, rng, sizes):
    """Left side by the sum as printed, right side by torch's conv1d."""
    T, *settings = sizes
    x, W, b = draw(rng, T)

    def output(taps=F, place=step):
        return np.array([
            b + sum(at(x, place(t, k, *settings)) @ W[k] for k in range(taps))
            for t in range(1, windows(T, *settings) + 1)
        ])  # fmt: skip

    check(
        output(),
        conv1d(x, W, b, *settings),
        planted={
            "last tap left out": output(F - 1),
            "one step late": output(place=lambda *a: step(*a) + 1),
            "filter turned": output(place=lambda t, k, *a: step(t, F - 1 - k, *a)),
        },
    )


@pytest.mark.equation("eq-conv-params", tolerance=1e-15)
def test_params(check, rng):
    """Left side as printed, right side counted in torch's layer: the deck's five and five drawn."""
    sizes = [(10, 3, 100), (10, 100, 100), (10, 100, 160), (10, 160, 160), (1, 160, 6)]
    sizes = np.array([*sizes, *(rng.permutation(np.arange(2, 20))[:3] for _ in range(5))])
    layers = [torch.nn.Conv1d(D, H, F) for F, D, H in sizes.tolist()]
    counted = np.array([sum(p.numel() for p in layer.parameters()) for layer in layers])
    F_, D_, H_ = sizes.T
    assert counted[:5].tolist() == [3100, 100100, 160160, 256160, 966]
    wrong = {
        "a bias for each input": F_ * D_ * H_ + D_,
        "no bias": F_ * D_ * H_,
        "a bias for each tap": F_ * (D_ + 1) * H_,
        "one tap": (D_ + 1) * H_,
    }
    planted = {name: (value, value) for name, value in wrong.items()}
    check((F_ * D_ * H_ + H_, (F_ * D_ + 1) * H_), (counted, counted.copy()), planted=planted)


@pytest.mark.equation("eq-conv-length", tolerance=1e-15)
def test_length(check, rng):
    """Left side as printed, right side the length of what torch returns."""
    T, F_, S, P, d = (rng.integers(low, high, 40) for low, high in
                      [(20, 60), (2, 6), (2, 5), (0, 4), (1, 4)])  # fmt: skip
    found = [
        torch.nn.functional.conv1d(
            torch.zeros(1, 1, t), torch.zeros(1, 1, f), stride=s, padding=p, dilation=e
        ).shape[2]
        for t, f, s, p, e in np.transpose([T, F_, S, P, d]).tolist()
    ]
    check(
        (T + 2 * P - (F_ - 1) * d - 1) // S + 1,
        found,
        planted={
            "no floor (the deck's)": (T + 2 * P - (F_ - 1) * d - 1) / S + 1,
            "rounded up": -(-(T + 2 * P - (F_ - 1) * d - 1) // S) + 1,
            "padding at one end": (T + P - (F_ - 1) * d - 1) // S + 1,
            "dilation forgotten": (T + 2 * P - F_) // S + 1,
        },
    )


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


@pytest.mark.equation("eq-conv-causal", tolerance=1e-12)
@pytest.mark.parametrize("sizes", [(9, 1), (11, 2), (13, 3)])
def test_causal(check, rng, sizes):
    """Left side by torch behind (F - 1) d zeros, right side by the sum as printed."""
    T, d = sizes
    x, W, b = draw(rng, T)
    wide = np.concatenate([np.zeros(((F - 1) * d, N, D)), x])

    def output(V, sign=-1, late=0, taps=F):
        return np.array([
            b + sum(at(x, t - late + sign * k * d) @ V[F - 1 - k] for k in range(taps))
            for t in range(1, T + 1)
        ])  # fmt: skip

    planted = {
        "filter turned": output(W[::-1]),
        "into the future": output(W, sign=1),
        "one step late": output(W, late=1),
        "the oldest tap left out": output(W, taps=F - 1),
        "no bias": output(W) - b,
    }
    check(conv1d(wide, W, b, d=d), output(W), planted=planted)


def seen(layers):
    """Steps between the first and the last that the first output depends on, both counted."""
    x = np.eye(200)[:, :, None]  # sequence n has an impulse at step n
    for F_, S, d in layers:
        x, _ = Conv(np.ones((F_, 1, 1)), np.zeros(1)).forward(x, S, 0, d)
    reached = np.flatnonzero(x[0, :, 0])
    return reached[-1] - reached[0] + 1


@pytest.mark.equation("eq-conv-field", tolerance=1e-15)
def test_field(check, rng):
    """Left side as printed, right side by sending impulses through three layers."""
    layers = [tuple(map(int, rng.permutation([2, 3, 4]))) for _ in range(3)]
    F_, S, d = np.array(layers).T
    below = np.concatenate([[1], np.cumprod(S)[:-1]])
    check(
        [1 + np.sum((F_ - 1) * d * below)],
        [seen(layers)],
        planted={
            "own stride too": [1 + np.sum((F_ - 1) * d * np.cumprod(S))],
            "no strides": [1 + np.sum((F_ - 1) * d)],
            "taps, not gaps": [1 + np.sum(F_ * d * below)],
            "no dilations": [1 + np.sum((F_ - 1) * below)],
            "without the first step": [np.sum((F_ - 1) * d * below)],
        },
    )


@pytest.mark.equation("eq-conv-doubling", tolerance=1e-15)
def test_doubling(check, rng):
    """Left side as printed, right side by sending impulses through layers."""
    depth, taps = (int(n) for n in rng.permutation([2, 3, 4])[:2])
    layers = [(taps, 1, 2**l) for l in range(depth)]  # noqa: E741
    check(
        [1 + (taps - 1) * (2**depth - 1)],
        [seen(layers)],
        planted={
            "one layer more": [1 + (taps - 1) * (2 ** (depth + 1) - 1)],
            "without the first step": [(taps - 1) * (2**depth - 1)],
            "2^ℓ for 2^ℓ - 1": [1 + (taps - 1) * 2**depth],
            "taps, not gaps": [1 + taps * (2**depth - 1)],
            "equal dilations": [1 + (taps - 1) * depth],
        },
    )
