"""The equations of book/gates/lstm-time.md, each against an independent route."""

import numpy as np
import pytest
import torch

T, N, D, H = 6, 3, 4, 5


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def draw(rng, *shapes):
    return [rng.normal(size=shape) for shape in shapes]


def their_lstm(W_xh, W_hh, b_h):
    """torch's own layer with these weights."""
    layer = torch.nn.LSTM(D, H, dtype=torch.float64)
    with torch.no_grad():
        for name, value in [
            ("weight_ih_l0", W_xh.T),
            ("weight_hh_l0", W_hh.T),
            ("bias_ih_l0", b_h),
        ]:
            getattr(layer, name)[:] = torch.from_numpy(np.ascontiguousarray(value))
        layer.bias_hh_l0.zero_()
    return layer


def read_off(W, x, h):
    """i, f, g, o of torch's cell, from its c and h alone.

    c is linear in the old cell state: two values of it give f and i ⊙ g; a state that saturates
    tanh gives o; and c = 0 with the input gate pinned at 1 gives g.
    """

    def torch_cell(c, b_h):
        layer = their_lstm(W[0], W[1], b_h)
        state = tuple(torch.from_numpy(s)[None] for s in (h, c))
        with torch.no_grad():
            _, (new_h, new_c) = layer(torch.from_numpy(x)[None], state)
        return new_h[0].numpy(), new_c[0].numpy()

    zero, one = np.zeros((N, H)), np.ones((N, H))
    open_input, shut_input = (W[2] + np.repeat([s, 0, 0, 0], H) for s in (200.0, -200.0))
    _, g = torch_cell(zero, open_input)
    _, f = torch_cell(one, shut_input)
    o, _ = torch_cell(np.full((N, H), 1e9), W[2])
    _, i_g = torch_cell(zero, W[2])
    return i_g / g, f, g, o


@pytest.mark.equation("eq-lstm-memory", tolerance=1e-12)
def test_memory(check, rng):
    """Left: the cell by its recursion; right: the weighted sum as printed."""
    f, i = (sigmoid(a) for a in draw(rng, (T, N, H), (T, N, H)))
    g, c_0 = np.tanh(rng.normal(size=(T, N, H))), rng.normal(size=(N, H))
    c = c_0
    for f_t, i_t, g_t in zip(f, i, g, strict=True):
        c = f_t * c + i_t * g_t

    def total(first, with_start=True):
        terms = [f[k + first :].prod(axis=0) * i[k] * g[k] for k in range(T)]
        return sum(terms) + with_start * f.prod(axis=0) * c_0

    planted = {
        "product from s = k": total(0),
        "product from s = k + 2": total(2),
        "without c_0": total(1, with_start=False),
    }
    check(c, total(1), planted=planted)


@pytest.mark.equation("eq-lstm-tau", tolerance=1e-9)
def test_tau(check, rng):
    """Left: n steps of torch's cell that only forgets; right: e^{-n/τ}, τ from the bias."""
    b, n = rng.uniform(-1, 4, size=H), 7
    layer = their_lstm(
        np.zeros((D, 4 * H)), np.zeros((H, 4 * H)), np.concatenate([[0] * H, b, [0] * 2 * H])
    )
    with torch.no_grad():
        start = torch.ones(1, 1, H, dtype=torch.float64)
        _, (_, c) = layer(torch.zeros(n, 1, D, dtype=torch.float64), (0 * start, start))
    tau = 1 / np.log(1 + np.exp(-b))
    assert np.allclose(tau, -1 / np.log(sigmoid(b)))
    assert (np.exp(b) < tau).all() and (tau < np.exp(b) + 0.5).all()  # said in the text
    planted = {
        "τ = 1/(1 - f)": np.exp(-n * (1 - sigmoid(b))),
        "1 + e^b in the logarithm": np.exp(-n * np.log(1 + np.exp(b))),
        "τ = e^b": np.exp(-n / np.exp(b)),
    }
    check(c[0, 0].numpy(), np.exp(-n / tau), planted=planted)


@pytest.mark.equation("eq-lstm-chrono", tolerance=1e-6)
def test_chrono(check, rng):
    """Left: torch's cell with biases ±ln u: its input gate, and Σ f^n, the mean lifetime.

    Right: 1 - f and 1 + u as printed. How the page draws u is tested apart.
    """
    u = rng.uniform(1, 30 - 1, size=H)
    biases = np.hstack([-np.log(u), np.log(u), np.ones(H), 0 * u])  # i, f, g, o
    W = np.zeros((D, 4 * H)), np.zeros((H, 4 * H)), biases
    i, f, *_ = (gate[0] for gate in read_off(W, np.zeros((N, D)), np.zeros((N, H))))
    lifetime = (f ** np.arange(3000)[:, None]).sum(axis=0)  # Σ P(still there after n steps)
    planted = {
        "lifetime u": (1 - f, u),
        "i = f": (f, 1 + u),
        "lifetime 1/f": (1 - f, 1 / f),
        "b_f = u": (1 - sigmoid(u), 1 / (1 - sigmoid(u))),
        "b_f = ln(1 + u)": (1 - sigmoid(np.log(1 + u)), 2 + u),
    }
    check((i, lifetime), (1 - f, 1 + u), planted=planted)
