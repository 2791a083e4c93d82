"""Both directions against torch's, and with lengths (the rest: test_layer_contract)."""

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from unrolled.layers.bidirectional import Bidirectional, reverse, within
from unrolled.layers.gradients import check_layer, relative_error
from unrolled.layers.optimize import Adam, arrays
from unrolled.layers.rnn import RNN

T, N, D, H = 7, 4, 3, 5
LENGTHS = np.array([5, 7, 1, 4])


def plain(D, H, rng):
    W_hh = rng.normal(size=(H, H)) / np.sqrt(H)
    return RNN(rng.normal(size=(D, H)), W_hh, rng.normal(size=H))


def case(T=T, N=N, seed=0):
    """A layer with biases, inputs, initial states and a cotangent, none of them zero."""
    rng = np.random.default_rng(seed)
    layer = Bidirectional(plain(D, H, rng), plain(D, H, rng))
    states = [rng.normal(size=(N, H)) for _ in range(2)]
    return layer, rng.normal(size=(T, N, D)), states, rng.normal(size=(T, N, 2 * H))


def into_torch(twin, directions):
    """Copy plain layers into a torch.nn.RNN, in torch's order of layers and directions."""
    values = []
    for layer in directions:
        values += [layer.W_xh.T, layer.W_hh.T, layer.b_h, np.zeros_like(layer.b_h)]
    with torch.no_grad():
        for parameter, value in zip(twin.parameters(), values, strict=True):
            parameter.copy_(torch.from_numpy(value))


@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_equals_torch(lengths):
    layer, x, states, dh = case()
    h, _, tape = layer.forward(x, states, lengths)
    grads, dx, dstates = layer.backward(tape, dh)

    twin = torch.nn.RNN(D, H, bidirectional=True, dtype=torch.float64)
    into_torch(twin, [layer.rightward, layer.leftward])
    x, states = (torch.tensor(np.array(a), requires_grad=True) for a in (x, states))
    if lengths is None:
        expected, _ = twin(x, states)
    else:
        packed = pack_padded_sequence(x, torch.from_numpy(lengths), enforce_sorted=False)
        expected, _ = pad_packed_sequence(twin(packed, states)[0])
    expected.backward(torch.from_numpy(dh))
    theirs = [p.grad.numpy() for p in twin.parameters()]
    theirs = [a for i, a in enumerate(theirs) if i % 4 < 3]  # torch's second bias is our first
    ours = [a.T for a in arrays(grads)]
    for left, right in zip(ours, theirs, strict=True):
        assert relative_error(left, right) < 1e-13
    assert relative_error(h, expected.detach().numpy()) < 1e-13
    assert relative_error(dx, x.grad.numpy()) < 1e-13
    assert relative_error(np.array(dstates), states.grad.numpy()) < 1e-13


@pytest.mark.parametrize(("T", "N", "lengths"), [(T, N, None), (T, N, LENGTHS), (1, 1, None)])
def test_equals_finite_differences(T, N, lengths):
    layer, x, states, _ = case(T, N)
    errors = check_layer(layer, x, states, np.random.default_rng(1), lengths=lengths)
    names = [f"{way}ward.{p}" for way in ("right", "left") for p in ("W_xh", "W_hh", "b_h")]
    assert set(errors) == {*names, "x", "0", "1"}
    assert max(errors.values()) < 1e-8


def test_each_sequence_as_if_it_were_alone():
    """Neither the padding's contents nor its amount changes a state or a gradient."""
    layer, x, states, dh = case()
    grads = []
    for n, length in enumerate(LENGTHS):
        own = slice(length), slice(n, n + 1)
        start = [s[n : n + 1] for s in states]
        h, _, tape = layer.forward(x, states, LENGTHS)
        h_alone, _, tape_alone = layer.forward(x[own], start)
        assert relative_error(h[own], h_alone) < 1e-14
        assert not h[length:, n].any()
        _, dx, dstates = layer.backward(tape, dh)
        g, dx_alone, d_alone = layer.backward(tape_alone, dh[own])
        grads.append(list(arrays(g)))
        assert relative_error(dx[own], dx_alone) < 1e-14
        assert not dx[length:, n].any()
        for all_of_them, one in zip(dstates, d_alone, strict=True):
            assert relative_error(all_of_them[n : n + 1], one) < 1e-14
    whole = arrays(layer.backward(tape, dh)[0])
    for name, alone in zip(whole, zip(*grads, strict=True), strict=True):
        assert relative_error(name, sum(alone)) < 1e-14


def test_full_lengths_are_no_lengths():
    layer, x, states, _ = case()
    np.testing.assert_array_equal(
        layer.forward(x, states)[0], layer.forward(x, states, np.full(N, T))[0]
    )


def test_reverse_is_its_own_inverse():
    x = np.arange(T * N * 2.0).reshape(T, N, 2)
    turned = reverse(x, LENGTHS)
    np.testing.assert_array_equal(turned[:5, 0], x[4::-1, 0])
    np.testing.assert_array_equal(turned[5:, 0], x[5:, 0])
    np.testing.assert_array_equal(reverse(turned, LENGTHS), x)
    np.testing.assert_array_equal(reverse(x, np.full(N, T)), reverse(x))
    np.testing.assert_array_equal(reverse(x[..., 0], LENGTHS), turned[..., 0])


def test_an_optimiser_moves_every_parameter():
    layer, x, states, dh = case()
    before = [a.copy() for a in arrays(layer)]
    _, _, tape = layer.forward(x, states)
    Adam(0.1).step(layer, layer.backward(tape, dh)[0])
    assert all((a != b).all() for a, b in zip(arrays(layer), before, strict=True))


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        (np.array([5, 7, 1]), r"lengths must be 4 integers, got int64 \(3,\)"),
        (np.array([5.0, 7, 1, 4]), r"lengths must be 4 integers, got float64 \(4,\)"),
        (np.array([5, 8, 1, 4]), r"lengths must be in 1 ... 7, got 1 ... 8"),
        (np.array([5, 7, 0, 4]), r"lengths must be in 1 ... 7, got 0 ... 7"),
    ],
)
def test_wrong_lengths_are_named(lengths, message):
    layer, x, states, _ = case()
    with pytest.raises(ValueError, match=message):
        layer.forward(x, states, lengths)
    with pytest.raises(ValueError, match=message):
        within(lengths, T, N)


def test_segments_are_one_with_each_state_carried_its_own_way():
    """The rightward layer reads the first segment first, the leftward layer the second."""
    layer, x, (right, left), _ = case()
    h, last_state, _ = layer.forward(x, [right, left])
    _, [_, left_middle], _ = layer.forward(x[4:], [right, left])
    h_a, [right_middle, left_last], _ = layer.forward(x[:4], [right, left_middle])
    h_b, [right_last, _], _ = layer.forward(x[4:], [right_middle, left])
    for a, b in zip(
        [np.concatenate([h_a, h_b]), right_last, left_last], [h, *last_state], strict=True
    ):
        assert relative_error(a, b) < 1e-15


def test_a_batch_of_none_may_have_lengths():
    layer, x, states, dh = case(N=0)
    none = np.zeros(0, int)
    h, _, tape = layer.forward(x, states, none)
    assert h.shape == (T, 0, 2 * H) and layer.backward(tape, dh)[1].shape == (T, 0, D)


def test_a_wrong_gradient_is_reported_as_the_caller_gave_it():
    """Both directions' features, not those left over for one of them."""
    layer, x, states, _ = case()
    _, _, tape = layer.forward(x, states)
    with pytest.raises(ValueError, match=r"dh must be \(7, 4, 10\), got \(7, 4, 99\)"):
        layer.backward(tape, np.zeros((T, N, 99)))


def test_ragged_lengths_are_named():
    with pytest.raises(ValueError, match=r"^lengths must be an array of numbers, got a list"):
        reverse(np.zeros((3, 2, 1)), [[1], [1, 2]])
