"""Stacks against torch's, mixed and nested, with lengths (the rest: test_layer_contract)."""

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from unrolled.layers.bidirectional import Bidirectional
from unrolled.layers.gradients import check_layer, relative_error
from unrolled.layers.gru import GRU
from unrolled.layers.lstm import LSTM
from unrolled.layers.optimize import arrays
from unrolled.layers.rnn import RNN
from unrolled.layers.stack import Stack

T, N, D, H = 6, 4, 3, 5
LENGTHS = np.array([4, 6, 1, 3])


def plain(D, rng, H=H):
    W_hh = rng.normal(size=(H, H)) / np.sqrt(H)
    return RNN(rng.normal(size=(D, H)) / np.sqrt(D), W_hh, rng.normal(size=H))


def case(bidirectional, seed=0):
    """Two layers, inputs, initial states and a cotangent, none of them zero."""
    rng = np.random.default_rng(seed)
    wide = 2 * H if bidirectional else H
    if bidirectional:
        layers = [Bidirectional(plain(size, rng), plain(size, rng)) for size in (D, wide)]
        states = [[rng.normal(size=(N, H)) for _ in range(2)] for _ in layers]
    else:
        layers = [plain(D, rng), plain(H, rng)]
        states = [rng.normal(size=(N, H)) for _ in layers]
    return Stack(layers), rng.normal(size=(T, N, D)), states, rng.normal(size=(T, N, wide))


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_equals_torch(bidirectional, lengths):
    stack, x, states, dh = case(bidirectional)
    if lengths is not None and not bidirectional:  # torch has zeros in the padding
        dh[np.arange(T)[:, None] >= lengths] = 0
    h, _, tape = stack.forward(x, states, lengths)
    grads, dx, dstates = stack.backward(tape, dh)

    twin = torch.nn.RNN(D, H, num_layers=2, bidirectional=bidirectional, dtype=torch.float64)
    values = list(arrays(stack))
    with torch.no_grad():
        for i, parameter in enumerate(twin.parameters()):
            fourth = i % 4 == 3  # torch's second bias
            value = np.zeros(H) if fourth else values[3 * (i // 4) + i % 4].T
            parameter.copy_(torch.from_numpy(value))
    flat = np.array(states).reshape(-1, N, H)
    x, flat = (torch.tensor(a, requires_grad=True) for a in (x, flat))
    if lengths is None:
        expected, _ = twin(x, flat)
    else:
        packed = pack_padded_sequence(x, torch.from_numpy(lengths), enforce_sorted=False)
        expected, _ = pad_packed_sequence(twin(packed, flat)[0])
    expected.backward(torch.from_numpy(dh))
    theirs = [p.grad.numpy() for i, p in enumerate(twin.parameters()) if i % 4 < 3]
    for left, right in zip(arrays(grads), theirs, strict=True):
        assert relative_error(left.T, right) < 1e-13
    if lengths is not None and not bidirectional:
        h[np.arange(T)[:, None] >= lengths] = 0
    assert relative_error(h, expected.detach().numpy()) < 1e-13
    assert relative_error(dx, x.grad.numpy()) < 1e-13
    assert relative_error(np.array(dstates).reshape(-1, N, H), flat.grad.numpy()) < 1e-13


@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_equals_finite_differences(lengths):
    """A one-directional layer on a bidirectional one: both kinds in one stack."""
    rng = np.random.default_rng(0)
    stack = Stack([Bidirectional(plain(D, rng), plain(D, rng, 2)), plain(H + 2, rng, 4)])
    states = [[rng.normal(size=(N, H)), rng.normal(size=(N, 2))], rng.normal(size=(N, 4))]
    errors = check_layer(stack, rng.normal(size=(T, N, D)), states, rng, lengths=lengths)
    assert {"layers.0.leftward.W_hh", "layers.1.b_h", "x", "0.1", "1"} < set(errors)
    assert len(errors) == 9 + 1 + 3
    assert max(errors.values()) < 1e-7


@pytest.mark.parametrize("cell", [LSTM, GRU])
def test_gated_cells_equal_torch(cell):
    """Two layers, both directions, unequal lengths."""
    rng = np.random.default_rng(0)
    stack = Stack([Bidirectional(*(cell.init(size, H, rng) for _ in "rl")) for size in (D, 2 * H)])
    x, dh = rng.normal(size=(T, N, D)), rng.normal(size=(T, N, 2 * H))
    h, _, tape = stack.forward(x, stack.zeros(N), LENGTHS)
    _, dx, dstates = stack.backward(tape, dh)
    assert [len(d) for d in dstates] == [2, 2]

    kind = getattr(torch.nn, cell.__name__)
    twin = kind(D, H, num_layers=2, bidirectional=True, dtype=torch.float64)
    values = []
    for way in (way for layer in stack.layers for way in vars(layer).values()):
        values += [way.W_xh.T, way.W_hh.T, way.b_h, np.zeros_like(way.b_h)]  # b_hn is zero
    with torch.no_grad():
        for parameter, value in zip(twin.parameters(), values, strict=True):
            parameter.copy_(torch.from_numpy(np.array(value)))
    x = torch.tensor(x, requires_grad=True)
    packed = pack_padded_sequence(x, torch.from_numpy(LENGTHS), enforce_sorted=False)
    expected, _ = pad_packed_sequence(twin(packed)[0])
    expected.backward(torch.from_numpy(dh))
    assert relative_error(h, expected.detach().numpy()) < 1e-13
    assert relative_error(dx, x.grad.numpy()) < 1e-13


def test_one_layer_is_the_layer():
    stack, x, states, dh = case(False)
    h, _, tape = Stack(stack.layers[:1]).forward(x, states[:1])
    expected, _, layer_tape = stack.layers[0].forward(x, states[0])
    np.testing.assert_array_equal(h, expected)
    grads, dx, [dh_0] = Stack(stack.layers[:1]).backward(tape, dh)
    layer_grads, layer_dx, layer_dh_0 = stack.layers[0].backward(layer_tape, dh)
    for left, right in zip(arrays(grads), arrays(layer_grads), strict=True):
        np.testing.assert_array_equal(left, right)
    np.testing.assert_array_equal(dx, layer_dx)
    np.testing.assert_array_equal(dh_0, layer_dh_0)


def test_a_stack_of_stacks_is_one_stack():
    """The lengths reach the bidirectional layers of an inner stack as well."""
    stack, x, states, dh = case(True)
    nested = Stack([Stack(stack.layers[:1]), Stack(stack.layers[1:])])
    h, _, tape = nested.forward(x, [states[:1], states[1:]], LENGTHS)
    expected, _, flat_tape = stack.forward(x, states, LENGTHS)
    np.testing.assert_array_equal(h, expected)
    dx, flat_dx = nested.backward(tape, dh)[1], stack.backward(flat_tape, dh)[1]
    np.testing.assert_array_equal(dx, flat_dx)


def test_a_layer_that_does_not_fit_is_named():
    stack, x, states, _ = case(False)
    with pytest.raises(ValueError, match=r"x must be \(T, N, 3\), got \(6, 4, 5\)"):
        Stack([stack.layers[0]] * 2).forward(x, states)
