"""Both GRU layers against torch, and what their gates do (the rest: test_layer_contract)."""

import numpy as np
import pytest
import torch

from unrolled.layers.gradients import relative_error
from unrolled.layers.gru import GRU, PublishedGRU

SIZES = [(7, 3, 4, 5), (1, 3, 4, 5), (7, 1, 4, 5), (7, 3, 5, 1)]  # T, N, D, H
both = pytest.mark.parametrize("kind", [GRU, PublishedGRU])


def case(kind, T, N, D, H, seed=0):
    """A layer, inputs, an initial state and a cotangent, none of them zero."""
    rng = np.random.default_rng(seed)
    layer = kind.init(D, H, rng)
    for a in vars(layer).values():
        a += 0.3 * rng.normal(size=a.shape)
    return layer, *(rng.normal(size=shape) for shape in ((T, N, D), (N, H), (T, N, H)))


def numbers(layer, x, h_0, dh):
    """States and every gradient, in one flat list of arrays."""
    h, _, tape = layer.forward(x, h_0)
    grads, dx, dh_0 = layer.backward(tape, dh)
    return [h, *vars(grads).values(), dx, dh_0]


def torch_numbers(layer, x, h_0, dh):
    """The same list from torch.nn.GRU."""
    H = len(layer.W_hh)
    twin = torch.nn.GRU(x.shape[2], H, dtype=torch.float64)
    b_hh = np.concatenate([np.zeros(2 * H), layer.b_hn])
    weights = (layer.W_xh.T, layer.W_hh.T, layer.b_h, b_hh)
    with torch.no_grad():
        for parameter, values in zip(twin.parameters(), weights, strict=True):
            parameter.copy_(torch.from_numpy(values))
    x, h_0 = (torch.tensor(a, requires_grad=True) for a in (x, h_0[None]))
    h, _ = twin(x, h_0)
    h.backward(torch.tensor(dh))
    W_xh, W_hh, b_ih, b_hh = (p.grad for p in twin.parameters())
    everything = (h.detach(), W_xh.T, W_hh.T, b_ih, b_hh[2 * H :], x.grad, h_0.grad[0])
    return [a.numpy() for a in everything]


@pytest.mark.parametrize("sizes", SIZES)
def test_equals_torch(sizes):
    arguments = case(GRU, *sizes)
    for left, right in zip(numbers(*arguments), torch_numbers(*arguments), strict=True):
        assert relative_error(left, right) < 1e-13


def test_the_published_form_follows_its_formula():
    """Written out with autograd's own sigmoid, step by step."""
    layer, x, h_0, dh = case(PublishedGRU, 7, 3, 4, 5)
    parameters = [torch.tensor(a, requires_grad=True) for a in (*vars(layer).values(), x, h_0)]
    W_xh, W_hh, b_h, x_t, h = parameters
    W_xr, W_xz, W_xn, b_r, b_z, b_n = (*W_xh.chunk(3, 1), *b_h.chunk(3))
    W_hr, W_hz, W_hn = W_hh.chunk(3, 1)
    states = []
    for x_now in x_t:
        r = torch.sigmoid(x_now @ W_xr + h @ W_hr + b_r)
        z = torch.sigmoid(x_now @ W_xz + h @ W_hz + b_z)
        h = (1 - z) * torch.tanh(x_now @ W_xn + (r * h) @ W_hn + b_n) + z * h
        states.append(h)
    h = torch.stack(states)
    right = [h.detach(), *torch.autograd.grad(h, parameters, torch.tensor(dh))]
    for a, b in zip(numbers(layer, x, h_0, dh), right, strict=True):
        assert relative_error(a, b.numpy()) < 1e-13


def test_the_two_forms_agree_only_while_the_reset_gate_is_open():
    layer, x, h_0, _ = case(GRU, 7, 3, 4, 5)
    layer.b_hn[:] = 0
    published = PublishedGRU(layer.W_xh, layer.W_hh, layer.b_h)
    assert relative_error(layer.forward(x, h_0)[0], published.forward(x, h_0)[0]) > 1e-2
    layer.b_h[:5] = 1000  # r = 1
    assert relative_error(layer.forward(x, h_0)[0], published.forward(x, h_0)[0]) < 1e-14


@both
def test_gates_far_open_or_shut_stay_finite(kind):
    """At z = 1 the state is held, whatever comes in, and all the gradient passes."""
    layer, x, h_0, dh = case(kind, 7, 3, 4, 5)
    layer.W_xh[:], layer.W_hh[:] = 0, 0
    layer.b_h[:] = 1000 * np.repeat([-1, 1, 1], 5)
    h, _, tape = layer.forward(x, h_0)
    assert relative_error(h[-1], h_0) < 1e-14
    grads, dx, dh_0 = layer.backward(tape, dh)
    assert relative_error(dh_0, dh.sum(axis=0)) < 1e-14
    for a in (*vars(grads).values(), dx):
        np.testing.assert_array_equal(a, 0)


@both
def test_init_is_orthogonal_in_each_block(kind):
    layer = kind.init(300, 50, np.random.default_rng(0), np.float32)
    assert {a.dtype for a in vars(layer).values()} == {np.dtype(np.float32)}
    for W in np.split(layer.W_hh, 3, axis=1):
        assert relative_error(W @ W.T, np.eye(50)) < 1e-5
    assert abs((np.ones(300) @ layer.W_xh**2).mean() - 1) < 0.1  # unit variance in, unit out
