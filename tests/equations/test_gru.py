"""The equations of book/gates/gru.md, each against an independent route."""

import os

import numpy as np
import pytest
import torch
from gru_networks import D, H, draw, sigmoid

os.environ.setdefault("KERAS_BACKEND", "torch")  # read when keras is imported


def read_gates(cell, x, h):
    """r and z of torch's cell, from its outputs alone, with its own weights altered.

    h' = n + z (h - n): with n forced to +1 the output tells z. With z forced to 0 and W_xn, b_xn
    and W_hn gone, the output is tanh(r b_hn), which tells r.
    """
    one, two = (torch.nn.GRUCell(D, H, dtype=torch.float64).requires_grad_(False) for _ in "12")
    for copy in (one, two):
        copy.load_state_dict(cell.state_dict())
    one.bias_ih[2 * H :] = 100
    z = (one(x, h) - 1) / (h - 1)
    two.bias_ih[H : 2 * H] = -800
    for part in (two.weight_ih, two.weight_hh, two.bias_ih):
        part[2 * H :] = 0
    two.bias_hh[2 * H :] = 1
    return torch.atanh(two(x, h)), z


@pytest.mark.equation("eq-gru-gates", tolerance=1e-9)
def test_gates(check, rng):
    """Left: the gates that torch's cell must have had, read off its outputs; right: printed."""
    w, x, h = draw(rng)
    r, z, _, _ = w.gates(x, h)
    left = read_gates(w.cell(), torch.tensor(x), torch.tensor(h))
    swapped = sigmoid(x @ w.W_xz + h @ w.W_hz + w.b_z), sigmoid(x @ w.W_xr + h @ w.W_hr + w.b_r)
    planted = {
        "z takes the new (deck D2)": (r, 1 - z),
        "blocks in the order z, r, n (Keras)": swapped,
        "not transposed": (sigmoid(x @ w.W_xr + h @ w.W_hr.T + w.b_r), z),
    }
    check(left, (r, z), planted=planted)


@pytest.mark.equation("eq-gru-candidate", tolerance=1e-10)
def test_candidate(check, rng):
    """Left: torch's cell with z forced to 0, so that its output is n; right: as printed."""
    w, x, h = draw(rng)
    cell = w.cell()
    cell.bias_ih[H : 2 * H] = -800
    r, _, _, n = w.gates(x, h)
    from_x = x @ w.W_xn + w.b_xn
    planted = {
        "reset before the product (decks D1 to D3)": np.tanh(from_x + (r * h) @ w.W_hn + w.b_hn),
        "b_hn outside of the reset": np.tanh(from_x + r * (h @ w.W_hn) + w.b_hn),
        "without b_hn (deck D0)": np.tanh(from_x + r * (h @ w.W_hn)),
    }
    check(cell(torch.tensor(x), torch.tensor(h)), n, planted=planted)


@pytest.mark.equation("eq-gru-state", tolerance=1e-12)
def test_state(check, rng):
    """Left: torch's cell, twice; right: both lines of the printed formula."""
    w, x, h = draw(rng)
    _, z, _, n = w.gates(x, h)
    left = w.cell()(torch.tensor(x), torch.tensor(h))
    right = z * h + (1 - z) * n, n + z * (h - n)
    wrong = z * n + (1 - z) * h
    planted = {
        "z takes the new (deck D2)": (wrong, right[1]),
        "second line with n - h": (right[0], n + z * (n - h)),
        "second line from h": (right[0], h + z * (h - n)),
    }
    check((left, left.clone()), right, planted=planted)


@pytest.mark.equation("eq-gru-parameters", tolerance=1e-12)
def test_parameters(check, rng):
    """Left: what torch and Keras built, without their extra biases; right: B(DH + H² + H)."""
    import keras

    sizes = [(14, 32), *rng.permutation(np.arange(2, 20))[:4].reshape(2, 2).tolist()]
    left, naive = [], []
    for inputs, units in sizes:
        for kind in ("RNN", "GRU", "LSTM"):
            layer = getattr(torch.nn, kind)(inputs, units)
            built = {k: v.numel() for k, v in layer.named_parameters()}
            naive.append(sum(built.values()))
            left.append(naive[-1] - built["bias_hh_l0"])
        for kind, extra in [("SimpleRNN", {}), ("GRU", {"reset_after": False}), ("LSTM", {})]:
            layer = getattr(keras.layers, kind)(units, **extra)
            layer.build((None, None, inputs))
            left.append(layer.count_params())
            naive.append(layer.count_params())
        after = keras.layers.GRU(units)
        after.build((None, None, inputs))
        naive.append(after.count_params())
        left.append(after.count_params() - 3 * units)  # the table's extra term

    def right(bias=1, square=1):
        return np.array(
            [
                B * (inputs * units + square * units * units + bias * units)
                for inputs, units in sizes
                for B in (1, 3, 4, 1, 3, 4, 3)
            ]
        )

    planted = {
        "two biases everywhere": right(bias=2),
        "Keras's default GRU": np.array(naive),
        "no bias": right(bias=0),
        "no recurrent weights": right(square=0),
    }
    check(np.array(left), right(), planted=planted)
