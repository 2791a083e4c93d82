"""The LSTM layer against torch's, finite differences, and its own contract."""

import numpy as np
import pytest
import torch

from unrolled.layers.gradients import check_layer, relative_error
from unrolled.layers.lstm import LSTM

SIZES = [(7, 3, 4, 5), (1, 3, 4, 5), (7, 1, 4, 5), (7, 3, 5, 1)]  # T, N, D, H


def case(T, N, D, H, seed=0):
    """A layer, inputs, an initial state (h_0, c_0) and a cotangent, none of them zero."""
    rng = np.random.default_rng(seed)
    W_hh = rng.normal(size=(H, 4 * H)) / np.sqrt(H)
    layer = LSTM(rng.normal(size=(D, 4 * H)), W_hh, rng.normal(size=4 * H))
    state = tuple(rng.normal(size=(N, H)) for _ in range(2))
    return layer, rng.normal(size=(T, N, D)), state, rng.normal(size=(T, N, H))


def numbers(layer, x, state, dh, dc_T):
    """States, last cell state, and every gradient, in one flat list of arrays."""
    h, tape = layer.forward(x, state)
    grads, dx, dstate = layer.backward(tape, dh, dc_T)
    return [h, *layer.last_state(tape), *vars(grads).values(), dx, *dstate]


def torch_numbers(layer, x, state, dh, dc_T):
    """The same list from torch.nn.LSTM."""
    H = len(layer.W_hh)
    twin = torch.nn.LSTM(x.shape[2], H, dtype=torch.float64)
    weights = (layer.W_xh.T, layer.W_hh.T, layer.b_h, np.zeros(4 * H))
    with torch.no_grad():
        for parameter, values in zip(twin.parameters(), weights, strict=True):
            parameter.copy_(torch.from_numpy(values))
    x, h_0, c_0 = (torch.tensor(a, requires_grad=True) for a in (x, *(s[None] for s in state)))
    h, (h_T, c_T) = twin(x, (h_0, c_0))
    torch.autograd.backward([h, c_T], [torch.tensor(dh), torch.tensor(dc_T)[None]])
    W_xh, W_hh, b_h, _ = (p.grad for p in twin.parameters())
    everything = (h, h_T[0], c_T[0], W_xh.T, W_hh.T, b_h, x.grad, h_0.grad[0], c_0.grad[0])
    return [a.detach().numpy() for a in everything]


@pytest.mark.parametrize("sizes", SIZES)
def test_equals_torch(sizes):
    arguments = *case(*sizes), np.random.default_rng(1).normal(size=(sizes[1], sizes[3]))
    for left, right in zip(numbers(*arguments), torch_numbers(*arguments), strict=True):
        assert relative_error(left, right) < 1e-13


@pytest.mark.parametrize("sizes", SIZES)
def test_equals_finite_differences(sizes):
    layer, x, state, _ = case(*sizes)
    errors = check_layer(layer, x, state, np.random.default_rng(1))
    assert set(errors) == {"W_xh", "W_hh", "b_h", "x", "h_0", "c_0"}
    assert max(errors.values()) < 1e-7


def test_two_segments_that_carry_the_state_are_one():
    """Backward, dh_0 goes to the last h of the segment before, and dc_0 to its last c."""
    layer, x, state, dh = case(7, 3, 4, 5)
    h, tape = layer.forward(x, state)
    whole, dx, dstate = layer.backward(tape, dh)
    h_a, tape_a = layer.forward(x[:4], state)
    h_b, tape_b = layer.forward(x[4:], layer.last_state(tape_a))
    assert relative_error(np.concatenate([h_a, h_b]), h) < 1e-15

    late, dx_b, (dh_sent, dc_sent) = layer.backward(tape_b, dh[4:])
    dh_a = dh[:4].copy()
    dh_a[-1] += dh_sent
    early, dx_a, dstate_a = layer.backward(tape_a, dh_a, dc_sent)
    assert relative_error(np.concatenate([dx_a, dx_b]), dx) < 1e-14
    for a, b in zip(dstate_a, dstate, strict=True):
        assert relative_error(a, b) < 1e-14
    for name, gradient in vars(whole).items():
        assert relative_error(vars(early)[name] + vars(late)[name], gradient) < 1e-14


def test_backward_changes_neither_tape_nor_what_it_is_given():
    layer, x, state, dh = case(7, 3, 4, 5)
    dc_T = np.ones((3, 5))
    given = (x, *state, dh, dc_T)
    before = [a.copy() for a in given]
    h, tape = layer.forward(x, state)
    states = h.copy()
    first, second = (layer.backward(tape, dh, dc_T) for _ in range(2))
    for a, b in zip((*before, states), (*given, h), strict=True):
        np.testing.assert_array_equal(a, b)
    left, right = ((*vars(g).values(), dx, *d) for g, dx, d in (first, second))
    for a, b in zip(left, right, strict=True):
        np.testing.assert_array_equal(a, b)


def test_float32_stays_float32():
    layer, x, state, dh = case(7, 3, 4, 5)
    small = LSTM(*(a.astype(np.float32) for a in vars(layer).values()))
    right = numbers(layer, x, state, dh, 0.0)
    x, dh, *state = (a.astype(np.float32) for a in (x, dh, *state))
    for a, b in zip(numbers(small, x, tuple(state), dh, 0.0), right, strict=True):
        assert a.dtype == np.float32
        assert relative_error(a, b) < 1e-5


def test_any_memory_order():
    """Transposed inputs, broadcast cotangents and Fortran weights give the same numbers."""
    layer, x, state, _ = case(7, 3, 4, 5)
    dh = np.broadcast_to(np.arange(5.0), (7, 3, 5))
    batch_first = np.ascontiguousarray(x.transpose(1, 0, 2)).transpose(1, 0, 2)
    odd = LSTM(*map(np.asfortranarray, vars(layer).values()))
    right = numbers(layer, x, state, dh.copy(), 0.0)
    left = numbers(odd, batch_first, tuple(map(np.asfortranarray, state)), dh, 0.0)
    for a, b in zip(left, right, strict=True):
        assert relative_error(a, b) < 1e-14


def test_gates_far_open_or_shut_stay_finite():
    """Pre-activations of ±1000: sigmoid saturates without overflow, and f = 1, i = 0 holds c."""
    layer, x, (h_0, c_0), dh = case(7, 3, 4, 5)
    layer.W_xh[:], layer.W_hh[:] = 0, 0
    layer.b_h[:] = 1000 * np.repeat([-1, 1, 1, 1], 5)
    _, tape = layer.forward(x, (h_0, c_0))
    np.testing.assert_array_equal(layer.last_state(tape)[1], c_0)
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


@pytest.mark.parametrize(
    ("x", "h_0", "c_0", "dh", "message"),
    [
        ((7, 3, 5), (3, 5), (3, 5), (7, 3, 5), r"x must be \(T, N, 4\), got \(7, 3, 5\)"),
        ((3, 4), (3, 5), (3, 5), (7, 3, 5), r"x must be \(T, N, 4\), got \(3, 4\)"),
        ((7, 3, 4), (5,), (3, 5), (7, 3, 5), r"each \(3, 5\), got \[\(5,\), \(3, 5\)\]"),
        ((7, 3, 4), (3, 5), (1, 5), (7, 3, 5), r"each \(3, 5\), got \[\(3, 5\), \(1, 5\)\]"),
        ((7, 3, 4), (3, 5), (3, 5), (7, 3, 1), r"dh must be \(7, 3, 5\), got \(7, 3, 1\)"),
    ],
)
def test_wrong_shapes_are_named(x, h_0, c_0, dh, message):
    layer, *_ = case(7, 3, 4, 5)
    with pytest.raises(ValueError, match=message):
        _, tape = layer.forward(np.zeros(x), (np.zeros(h_0), np.zeros(c_0)))
        layer.backward(tape, np.zeros(dh))


def test_a_single_state_is_named():
    layer, x, (h_0, _), _ = case(7, 3, 4, 5)
    with pytest.raises(ValueError, match=r"state must be \(h_0, c_0\)"):
        layer.forward(x, h_0)
