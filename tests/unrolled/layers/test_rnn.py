"""The plain layer against torch's, finite differences, and its own contract."""

import numpy as np
import pytest
import torch

from unrolled.layers.gradients import check_layer, relative_error
from unrolled.layers.rnn import RNN

SIZES = [(7, 3, 4, 5), (1, 3, 4, 5), (7, 1, 4, 5), (7, 3, 5, 2)]  # T, N, D, H
LARGE = (9, 64, 3, 130)  # where the weights are laid out by columns


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
    h, tape = layer.forward(x, h_0)
    grads, dx, dh_0 = layer.backward(tape, dh)
    ours = (h, *vars(grads).values(), dx, dh_0)
    states, weights, *inputs = torch_gradients(layer, x, h_0, dh)
    for left, right in zip(ours, (states, *weights, *inputs), strict=True):
        assert relative_error(left, right) < 1e-13


@pytest.mark.parametrize("sizes", SIZES)
def test_equals_finite_differences(sizes):
    layer, x, h_0, _ = case(*sizes)
    errors = check_layer(layer, x, h_0, np.random.default_rng(1))
    assert set(errors) == {"W_xh", "W_hh", "b_h", "x", "h_0"}
    assert max(errors.values()) < 1e-8


def test_two_segments_that_carry_the_state_are_one():
    """Forward h[-1] starts the next segment; backward its dh_0 goes to the last state before it."""
    layer, x, h_0, dh = case(7, 3, 4, 5)
    h, tape = layer.forward(x, h_0)
    whole, dx, dh_0 = layer.backward(tape, dh)
    h_a, tape_a = layer.forward(x[:4], h_0)
    h_b, tape_b = layer.forward(x[4:], h_a[-1])
    assert relative_error(np.concatenate([h_a, h_b]), h) < 1e-15

    late, dx_b, sent_back = layer.backward(tape_b, dh[4:])
    dh_a = dh[:4].copy()
    dh_a[-1] += sent_back
    early, dx_a, dh_0_a = layer.backward(tape_a, dh_a)
    assert relative_error(np.concatenate([dx_a, dx_b]), dx) < 1e-14
    assert relative_error(dh_0_a, dh_0) < 1e-14
    for name, gradient in vars(whole).items():
        assert relative_error(vars(early)[name] + vars(late)[name], gradient) < 1e-14


def test_backward_changes_neither_tape_nor_dh():
    layer, x, h_0, dh = case(7, 3, 4, 5)
    given = [a.copy() for a in (x, h_0, dh)]
    h, tape = layer.forward(x, h_0)
    states = h.copy()
    first, second = (layer.backward(tape, dh) for _ in range(2))
    for before, after in zip((*given, states), (x, h_0, dh, h), strict=True):
        np.testing.assert_array_equal(before, after)
    for a, b in zip(vars(first[0]).values(), vars(second[0]).values(), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(first[1], second[1])
    np.testing.assert_array_equal(first[2], second[2])


def test_float32_stays_float32():
    layer, x, h_0, dh = case(7, 3, 4, 5)
    h, tape = layer.forward(x, h_0)
    grads, *inputs = layer.backward(tape, dh)
    small = RNN(*(a.astype(np.float32) for a in vars(layer).values()))
    x, h_0, dh = (a.astype(np.float32) for a in (x, h_0, dh))
    h32, tape = small.forward(x, h_0)
    grads32, *inputs32 = small.backward(tape, dh)
    left = (h32, *vars(grads32).values(), *inputs32)
    for a, b in zip(left, (h, *vars(grads).values(), *inputs), strict=True):
        assert a.dtype == np.float32
        assert relative_error(a, b) < 1e-5


def test_any_memory_order():
    """Transposed inputs, broadcast cotangents and Fortran weights give the same numbers."""
    layer, x, h_0, _ = case(7, 3, 4, 5)
    dh = np.broadcast_to(np.arange(5.0), (7, 3, 5))
    batch_first = np.ascontiguousarray(x.transpose(1, 0, 2)).transpose(1, 0, 2)
    odd = RNN(*map(np.asfortranarray, vars(layer).values()))
    _, tape = layer.forward(x, h_0)
    _, odd_tape = odd.forward(batch_first, np.asfortranarray(h_0))
    right, left = layer.backward(tape, dh.copy()), odd.backward(odd_tape, dh)
    for a, b in zip(vars(left[0]).values(), vars(right[0]).values(), strict=True):
        assert relative_error(a, b) < 1e-14
    assert relative_error(left[1], right[1]) < 1e-14


def test_init_is_orthogonal_and_keeps_its_type():
    layer = RNN.init(300, 50, np.random.default_rng(0), np.float32)
    assert {a.dtype for a in vars(layer).values()} == {np.dtype(np.float32)}
    assert relative_error(layer.W_hh @ layer.W_hh.T, np.eye(50)) < 1e-5
    assert abs((np.ones(300) @ layer.W_xh**2).mean() - 1) < 0.1  # unit variance in, unit out
    assert RNN.init(2, 3, np.random.default_rng(0)).W_xh.dtype == np.float64


@pytest.mark.parametrize(
    ("x", "h_0", "dh", "message"),
    [
        ((7, 3, 5), (3, 5), (7, 3, 5), r"x must be \(T, N, 4\), got \(7, 3, 5\)"),
        ((3, 4), (3, 5), (7, 3, 5), r"x must be \(T, N, 4\), got \(3, 4\)"),
        ((7, 3, 4), (5,), (7, 3, 5), r"h_0 must be \(3, 5\), got \(5,\)"),
        ((7, 3, 4), (1, 5), (7, 3, 5), r"h_0 must be \(3, 5\), got \(1, 5\)"),
        ((7, 3, 4), (3, 5), (3, 5), r"dh must be \(7, 3, 5\), got \(3, 5\)"),
        ((7, 3, 4), (3, 5), (7, 3, 1), r"dh must be \(7, 3, 5\), got \(7, 3, 1\)"),
    ],
)
def test_wrong_shapes_are_named(x, h_0, dh, message):
    layer, *_ = case(7, 3, 4, 5)
    with pytest.raises(ValueError, match=message):
        layer.backward(layer.forward(np.zeros(x), np.zeros(h_0))[1], np.zeros(dh))
