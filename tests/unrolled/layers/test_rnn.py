"""The plain layer against torch's, and its initial weights (the rest: test_layer_contract)."""

import numpy as np
import pytest
import torch

from unrolled.layers.gradients import relative_error
from unrolled.layers.rnn import RNN

SIZES = [(7, 3, 4, 5), (1, 3, 4, 5), (7, 1, 4, 5), (7, 3, 5, 2)]  # T, N, D, H
LARGE = (9, 64, 3, 130)


def case(T, N, D, H, seed=0):
    """A layer with a bias, inputs, an initial state and a cotangent, none of them zero."""
    rng = np.random.default_rng(seed)
    W_hh = rng.normal(size=(H, H)) / np.sqrt(H)
    layer = RNN(rng.normal(size=(D, H)), W_hh, rng.normal(size=H))
    return layer, *(rng.normal(size=shape) for shape in ((T, N, D), (N, H), (T, N, H)))


def torch_gradients(layer, x, h_0, dh):
    """States from torch.nn.RNN, and its gradients in this layer's shapes."""
    twin = torch.nn.RNN(*layer.W_xh.shape, dtype=torch.float64)
    weights = (layer.W_xh.T, layer.W_hh.T, layer.b_h, np.zeros_like(layer.b_h))
    with torch.no_grad():
        for parameter, values in zip(twin.parameters(), weights, strict=True):
            parameter.copy_(torch.from_numpy(values))
    x, h_0 = (torch.tensor(a, requires_grad=True) for a in (x, h_0[None]))
    h, _ = twin(x, h_0)
    h.backward(torch.from_numpy(dh))
    W_xh, W_hh, b_h, _ = (p.grad.numpy() for p in twin.parameters())
    return h.detach().numpy(), (W_xh.T, W_hh.T, b_h), x.grad.numpy(), h_0.grad[0].numpy()


@pytest.mark.parametrize("sizes", [*SIZES, LARGE])
def test_equals_torch(sizes):
    layer, x, h_0, dh = case(*sizes)
    h, _, tape = layer.forward(x, h_0)
    grads, dx, dh_0 = layer.backward(tape, dh)
    ours = (h, *vars(grads).values(), dx, dh_0)
    states, weights, *inputs = torch_gradients(layer, x, h_0, dh)
    for left, right in zip(ours, (states, *weights, *inputs), strict=True):
        assert relative_error(left, right) < 1e-13


def test_init_is_orthogonal_and_keeps_its_type():
    layer = RNN.init(300, 50, np.random.default_rng(0), np.float32)
    assert {a.dtype for a in vars(layer).values()} == {np.dtype(np.float32)}
    assert relative_error(layer.W_hh @ layer.W_hh.T, np.eye(50)) < 1e-5
    assert abs((np.ones(300) @ layer.W_xh**2).mean() - 1) < 0.1  # unit variance in, unit out
    assert RNN.init(2, 3, np.random.default_rng(0)).W_xh.dtype == np.float64
