"""The equations of book/gates/gru-from-lstm.md, each against an independent route."""

import numpy as np
import pytest
import torch
from gru_networks import D, H, N, T, draw


def excess(least, most):
    """By how much the inequality least ≤ most is broken, in all; zero where it holds."""
    return np.maximum(np.asarray(least) - most * (1 + 1e-9), 0).sum()


@pytest.mark.equation("eq-gru-couple", tolerance=1e-12)
def test_couple(check, rng):
    """Left: torch's LSTM cell with input gate weights minus the forget gate's; right: mean."""
    cell = torch.nn.LSTMCell(D, H, dtype=torch.float64).requires_grad_(False)
    for part in (cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh):
        part[:] = torch.tensor(rng.normal(size=part.shape))
        part[:H] = -part[H : 2 * H]  # σ(-a) = 1 - σ(a)
    x, h, c = (torch.tensor(rng.normal(size=(N, size))) for size in (D, H, H))
    _, left = cell(x, (h, c))
    a = x @ cell.weight_ih.T + h @ cell.weight_hh.T + cell.bias_ih + cell.bias_hh
    z, g = torch.sigmoid(a[:, H : 2 * H]), torch.tanh(a[:, 2 * H : 3 * H])
    planted = {
        "z takes the new": (1 - z) * c + z * g,
        "not coupled": z * c + z * g,
        "the whole candidate": z * c + g,
    }
    check(left, z * c + (1 - z) * g, planted=planted)


@pytest.mark.equation("eq-gru-mean", tolerance=1e-12)
def test_mean(check, rng):
    """Left: the recursion; right: the sum over all steps, products written out."""
    z, g = rng.uniform(size=(T + 1, N, H)), rng.uniform(-1, 1, size=(T + 1, N, H))
    c_0 = rng.normal(size=(N, H))
    left = c_0
    for t in range(1, T + 1):
        left = z[t] * left + (1 - z[t]) * g[t]

    def right(first=1, taken=1 - z):
        terms = [z[k + first :].prod(axis=0) * taken[k] * g[k] for k in range(1, T + 1)]
        return z[1:].prod(axis=0) * c_0 + sum(terms)

    planted = {
        "product from k": right(first=0),
        "candidates at full weight": right(taken=np.ones_like(z)),
        "without c_0": right() - z[1:].prod(axis=0) * c_0,
    }
    check(left, right(), planted=planted)


@pytest.mark.equation("eq-gru-bound", tolerance=1e-9)
def test_bound(check, rng):
    """Left: no violation along random runs, and as far as a run can get; right: the bound."""
    z = rng.uniform(size=(200, N, H))
    start = {"inside": rng.uniform(-1, 1, size=(N, H)), "outside": 3 * rng.normal(size=(N, H))}

    def run(c, extreme=False):
        states = [c]
        for z_t in z:
            g = np.sign(c) if extreme else rng.uniform(-1, 1, size=c.shape)
            states.append(z_t * states[-1] + (1 - z_t) * g)
        return np.abs(states)

    runs = {name: run(c) for name, c in start.items()}
    reached = [run(c, extreme=True).max(axis=0) for c in start.values()]  # as near as you like

    def printed(bound):
        bounds = {name: bound(np.abs(c)) for name, c in start.items()}
        return (sum(excess(runs[name], b) for name, b in bounds.items()), *bounds.values())

    planted = {
        "1 alone": printed(np.ones_like),
        "the start alone": printed(lambda c: c),
        "a bound of one half": printed(lambda c: np.maximum(c, 0.5)),
        "a bound of 2": printed(lambda c: np.maximum(c, 2)),
        "the sum for the larger": printed(lambda c: c + 1),
    }
    check((0.0, *reached), printed(lambda c: np.maximum(c, 1)), planted=planted)


@pytest.mark.equation("eq-gru-tied", tolerance=1e-12)
def test_tied(check, rng):
    """Left: torch's GRU with its reset gate forced open; right: the coupled LSTM as printed."""
    w, x, h = draw(rng)
    cell = w.cell()
    cell.bias_ih[:H] = 800  # σ(800) is 1
    _, z, _, _ = w.gates(x, h)
    n = np.tanh(x @ w.W_xn + h @ w.W_hn + w.b_xn + w.b_hn)
    planted = {
        "the tanh on top is kept": np.tanh(z * h + (1 - z) * n),
        "one of the two biases": z * h + (1 - z) * np.tanh(x @ w.W_xn + h @ w.W_hn + w.b_xn),
        "z takes the new (deck D2)": z * n + (1 - z) * h,
    }
    left = cell(torch.tensor(x), torch.tensor(h))
    check(left, z * h + (1 - z) * n, planted=planted)


@pytest.mark.equation("eq-gru-room", tolerance=1e-9)
def test_room(check, rng):
    """Left: no violation; right: random and even states in [-1, 1], their least distance ε."""
    left, right, wrong = [], 0.0, 0.0
    for n in (2, 5, 40):
        for states in (np.linspace(-1, 1, n + 1), np.sort(rng.uniform(-1, 1, size=n + 1))):
            epsilon = np.diff(states).min()
            right += excess(n, 2 / epsilon)
            wrong += excess(n, 1 / epsilon)
        left.append(2 / np.diff(np.linspace(-1, 1, n + 1)).min())  # the bound is reached
    reached = np.array([2.0, 5.0, 40.0])
    planted = {
        "1/ε": (wrong, reached),
        "n + 1 for n": (right, reached + 1),
        "twice the room": (right, 2 * reached),
    }
    check((0.0, np.array(left)), (right, reached), planted=planted)


@pytest.mark.equation("eq-gru-tick", tolerance=1e-6)
def test_tick(check, rng):
    """Left: the last tick of a unit that counts, the best of many z; right: the formula."""
    ns = rng.permutation(np.arange(2, 40))[:4]
    z = np.linspace(0, 1, 200_001)
    left = []
    for n in ns:
        h = np.zeros_like(z)
        for _ in range(n):
            h_before, h = h, z * h + (1 - z)
        left.append(np.max(h - h_before))
    right = (1 - 1 / ns) ** (ns - 1) / ns
    planted = {
        "one power more": (1 - 1 / ns) ** ns / ns,
        "z = 1/2": 0.5**ns,
        "the limit 1/(en)": 1 / (np.e * ns),
    }
    check(np.array(left), right, planted=planted)
