"""The equations of book/gates/gru-two-forms.md, each against an independent route."""

import os

import numpy as np
import pytest
import torch
from gru_networks import D, H, N, T, draw, run, sigmoid

os.environ.setdefault("KERAS_BACKEND", "torch")  # read when keras is imported


@pytest.fixture
def published(rng):
    """A run of the published form, by autograd: see `run`."""
    return run(rng, before=True)


@pytest.mark.equation("eq-gru-published", tolerance=2e-6)
def test_published(check, rng):
    """Left: Keras's cell with reset_after=False, z forced to 0, float32 inside; right: printed."""
    import keras

    w, x, h = draw(rng)
    cell = keras.layers.GRUCell(H, reset_after=False, dtype="float64")
    cell.build((N, D))
    order = (1, 0, 2)  # z, r, h
    biases = [w.biases[i] for i in order]
    biases[0] = np.full(H, -800.0)
    blocks = [np.hstack([some[i] for i in order]) for some in (w.x_blocks, w.h_blocks)]
    cell.set_weights([*blocks, np.hstack(biases)])
    left, _ = cell(torch.tensor(x), torch.tensor(h))
    r, _, _, _ = w.gates(x, h)
    from_x = x @ w.W_xn + w.b_xn
    planted = {
        "after the product (deck D0)": np.tanh(from_x + r * (h @ w.W_hn)),
        "no reset": np.tanh(from_x + h @ w.W_hn),
        "not transposed": np.tanh(from_x + (r * h) @ w.W_hn.T),
        "with torch's b_hn": np.tanh(from_x + (r * h) @ w.W_hn + w.b_hn),
    }
    check(left.detach(), np.tanh(from_x + (r * h) @ w.W_hn), planted=planted)


@pytest.mark.equation("eq-gru-apart", tolerance=1e-11)
def test_apart(check, rng):
    """Left: the difference of two matrix products; right: the sum over i, entry by entry."""
    r, h, W = rng.uniform(size=(N, H)), rng.normal(size=(N, H)), rng.normal(size=(H, H))
    left = r * (h @ W) - (r * h) @ W
    right, turned = np.zeros((N, H)), np.zeros((N, H))
    for row in range(N):
        for j in range(H):
            for i in range(H):
                right[row, j] += h[row, i] * W[i, j] * (r[row, j] - r[row, i])
                turned[row, j] += h[row, i] * W[j, i] * (r[row, j] - r[row, i])
    planted = {"the other sign": -right, "W transposed": turned, "no difference": 0 * right}
    check(left, right, planted=planted)


@pytest.mark.equation("eq-gru-published-delta", tolerance=1e-10)
def test_published_delta(check, published):
    """Left: autograd at a_r, s (through W_hn) and the states; right: as printed."""
    w, v, truth, C = published
    z, r, n, h = np.stack(v["z"]), np.stack(v["r"]), np.stack(v["n"]), np.stack(v["h"][:-1])
    delta, own = np.stack(truth["h"][1:]), np.stack([0 * C[0], *C[:-1]])
    Delta_n = delta * (1 - z) * (1 - n**2)
    Delta_z = delta * (h - n) * z * (1 - z)
    left = np.stack(truth["r"]), np.stack(truth["h"][:-1]), truth["W_hn"]

    def right(heard=h, scale=r, W_hn=w.W_hn.T):
        Delta_s = Delta_n @ W_hn
        Delta_r = Delta_s * heard * r * (1 - r)
        back = own + z * delta + Delta_r @ w.W_hr.T + Delta_z @ w.W_hz.T + scale * Delta_s
        W = sum((scale * h)[t].T @ Delta_n[t] for t in range(T))
        return Delta_r, back, W

    r_after = Delta_n * (h @ w.W_hn) * r * (1 - r)
    planted = {
        "the other form's Δ^r": (r_after, *right()[1:]),
        "reset forgotten on the way back": right(scale=np.ones_like(r)),
        "not transposed": right(W_hn=w.W_hn),
        "q for h": right(heard=h @ w.W_hn),
    }
    check(left, right(), planted=planted)


@pytest.mark.equation("eq-gru-flip", tolerance=1e-12)
def test_flip(check, rng):
    """Left: torch's cell; right: a cell whose z takes the new, with the gate's weights negated."""
    w, x, h = draw(rng)
    a = x @ w.W_xz + h @ w.W_hz + w.b_z
    _, _, _, n = w.gates(x, h)
    left = w.cell()(torch.tensor(x), torch.tensor(h)), 1 - sigmoid(a)

    def take(a):
        return (1 - sigmoid(a)) * h + sigmoid(a) * n, sigmoid(a)

    only_W = -(x @ w.W_xz + h @ w.W_hz) + w.b_z
    recurrent = -(x @ w.W_xz + w.b_z) + h @ w.W_hz
    planted = {
        "nothing turned": take(a),
        "bias forgotten": take(only_W),
        "recurrent weights forgotten": take(recurrent),
    }
    check(left, take(-a), planted=planted)
