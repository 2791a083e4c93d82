"""The LSTM layer against torch's, and what its gates do (the rest: test_layer_contract)."""

import numpy as np
import pytest
import torch

from unrolled.layers.gradients import relative_error
from unrolled.layers.lstm import LSTM

SIZES = [(7, 3, 4, 5), (1, 3, 4, 5), (7, 1, 4, 5), (7, 3, 5, 1)]  # T, N, D, H


def case(T, N, D, H, seed=0):
    """A layer, inputs, an initial state (h_0, c_0) and a cotangent, none of them zero."""
    rng = np.random.default_rng(seed)
    W_hh = rng.normal(size=(H, 4 * H)) / np.sqrt(H)
    layer = LSTM(rng.normal(size=(D, 4 * H)), W_hh, rng.normal(size=4 * H))
    state = tuple(rng.normal(size=(N, H)) for _ in range(2))
    return layer, rng.normal(size=(T, N, D)), state, rng.normal(size=(T, N, H))


def numbers(layer, x, state, dh, dlast_state):
    """States, last state, and every gradient, in one flat list of arrays."""
    h, last_state, tape = layer.forward(x, state)
    grads, dx, dstate = layer.backward(tape, dh, dlast_state)
    return [h, *last_state, *vars(grads).values(), dx, *dstate]


def torch_numbers(layer, x, state, dh, dlast_state):
    """The same list from torch.nn.LSTM."""
    H = len(layer.W_hh)
    twin = torch.nn.LSTM(x.shape[2], H, dtype=torch.float64)
    weights = (layer.W_xh.T, layer.W_hh.T, layer.b_h, np.zeros(4 * H))
    with torch.no_grad():
        for parameter, values in zip(twin.parameters(), weights, strict=True):
            parameter.copy_(torch.from_numpy(values))
    x, h_0, c_0 = (torch.tensor(a, requires_grad=True) for a in (x, *(s[None] for s in state)))
    h, (h_T, c_T) = twin(x, (h_0, c_0))
    cotangents = [torch.tensor(dh), *(torch.tensor(d)[None] for d in dlast_state)]
    torch.autograd.backward([h, h_T, c_T], cotangents)
    W_xh, W_hh, b_h, _ = (p.grad for p in twin.parameters())
    everything = (h, h_T[0], c_T[0], W_xh.T, W_hh.T, b_h, x.grad, h_0.grad[0], c_0.grad[0])
    return [a.detach().numpy() for a in everything]


@pytest.mark.parametrize("sizes", SIZES)
def test_equals_torch(sizes):
    _, N, _, H = sizes
    arguments = *case(*sizes), tuple(np.random.default_rng(1).normal(size=(2, N, H)))
    for left, right in zip(numbers(*arguments), torch_numbers(*arguments), strict=True):
        assert relative_error(left, right) < 1e-13


def test_gates_far_open_or_shut_stay_finite():
    """Pre-activations of ±1000: sigmoid saturates without overflow, and f = 1, i = 0 holds c."""
    layer, x, (h_0, c_0), dh = case(7, 3, 4, 5)
    layer.W_xh[:], layer.W_hh[:] = 0, 0
    layer.b_h[:] = 1000 * np.repeat([-1, 1, 1, 1], 5)
    _, (_, c_T), tape = layer.forward(x, (h_0, c_0))
    np.testing.assert_array_equal(c_T, c_0)
    grads, dx, (dh_0, dc_0) = layer.backward(tape, dh)
    assert relative_error(dc_0, dh.sum(axis=0) * (1 - np.tanh(c_0) ** 2)) < 1e-14
    for a in (*vars(grads).values(), dx, dh_0):
        np.testing.assert_array_equal(a, 0)


def test_init_is_orthogonal_in_each_gate_and_opens_the_forget_gate():
    layer = LSTM.init(300, 50, np.random.default_rng(0), np.float32)
    assert {a.dtype for a in vars(layer).values()} == {np.dtype(np.float32)}
    for W in np.split(layer.W_hh, 4, axis=1):
        assert relative_error(W @ W.T, np.eye(50)) < 1e-5
    assert abs((np.ones(300) @ layer.W_xh**2).mean() - 1) < 0.1  # unit variance in, unit out
    np.testing.assert_array_equal(layer.b_h, np.repeat([0, 1, 0, 0], 50))
    assert LSTM.init(2, 3, np.random.default_rng(0), forget_bias=4.0).b_h[3] == 4
