"""The convolution against torch's, finite differences, and what it is given."""

from itertools import product

import numpy as np
import pytest
import torch

from unrolled.layers import conv
from unrolled.layers.conv import Conv, output_length, receptive_field
from unrolled.layers.gradients import numerical_gradient, relative_error

SETTINGS = [  # stride, padding, dilation
    (1, 0, 1),
    (1, "causal", 1),
    (2, 3, 1),
    (1, "causal", 3),
    (3, 1, 2),
    (2, "causal", 2),
    (4, 5, 1),  # the last window leaves inputs over
]
SIZES = [(11, 3, 4, 5, 3), (11, 1, 4, 5, 3), (11, 3, 1, 5, 1), (5, 3, 4, 1, 5)]  # T, N, D, H, F


def case(T, N, D, H, F, seed=0):
    rng = np.random.default_rng(seed)
    return Conv(rng.normal(size=(F, D, H)), rng.normal(size=H)), rng.normal(size=(T, N, D)), rng


def numbers(layer, x, settings, dy):
    y, tape = layer.forward(x, *settings)
    grads, dx = layer.backward(tape, dy)
    return [y, grads.W, grads.b, dx]


def torch_numbers(layer, x, settings, dy):
    """The same list from torch, whose arrays are (N, D, T), (H, D, F)."""
    stride, padding, dilation = settings
    x_t, W, b = (
        torch.tensor(a, requires_grad=True)
        for a in (x.transpose(1, 2, 0), layer.W.transpose(2, 1, 0), layer.b)
    )
    before = (len(layer.W) - 1) * dilation
    both = (before, 0) if padding == "causal" else (padding, padding)
    wide = torch.nn.functional.pad(x_t, both)
    y = torch.nn.functional.conv1d(wide, W, b, stride=stride, dilation=dilation)
    y.backward(torch.tensor(dy.transpose(1, 2, 0)))
    turned = (2, 0, 1)
    return [
        y.detach().numpy().transpose(turned),
        W.grad.numpy().transpose(2, 1, 0),
        b.grad.numpy(),
        x_t.grad.numpy().transpose(turned),
    ]


def possible():
    for sizes, settings in product(SIZES, SETTINGS):
        try:
            steps = output_length(sizes[0], sizes[4], *settings)
        except ValueError:
            continue
        yield pytest.param(sizes, settings, steps, id=f"{sizes}-{settings}")


@pytest.mark.parametrize("rows", [512, 6, 2])  # one block; several; fewer rows than sequences
@pytest.mark.parametrize(("sizes", "settings", "steps"), possible())
def test_equals_torch(monkeypatch, sizes, settings, steps, rows):
    monkeypatch.setattr(conv, "ROWS", rows)
    layer, x, rng = case(*sizes)
    dy = rng.normal(size=(steps, sizes[1], sizes[3]))
    pairs = zip(numbers(layer, x, settings, dy), torch_numbers(layer, x, settings, dy), strict=True)
    for left, right in pairs:
        assert relative_error(left, right) < 1e-13


@pytest.mark.parametrize("settings", SETTINGS)
def test_equals_finite_differences(settings):
    layer, x, rng = case(7, 2, 3, 4, 2)
    y, tape = layer.forward(x, *settings)
    C = rng.normal(size=y.shape)
    grads, dx = layer.backward(tape, C)
    for array, claimed in ((layer.W, grads.W), (layer.b, grads.b), (x, dx)):
        right = numerical_gradient(lambda _: np.sum(C * layer.forward(x, *settings)[0]), array)
        assert relative_error(claimed, right) < 1e-7


def test_causal_output_sees_nothing_later():
    layer, x, rng = case(11, 3, 4, 5, 3)
    y, _ = layer.forward(x, padding="causal", dilation=2)
    x[7:] = rng.normal(size=x[7:].shape)
    later, _ = layer.forward(x, padding="causal", dilation=2)
    np.testing.assert_array_equal(y[:7], later[:7])
    assert len(y) == len(x) and np.all(y[7:] != later[7:])


def test_backward_changes_neither_tape_nor_what_it_is_given():
    layer, x, rng = case(11, 3, 4, 5, 3)
    y, tape = layer.forward(x, 2, 1, 1)
    dy = rng.normal(size=y.shape)
    before = [a.copy() for a in (x, dy, y, tape[0])]
    first, second = (layer.backward(tape, dy) for _ in range(2))
    for a, b in zip(before, (x, dy, y, tape[0]), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(first[0].W, second[0].W)
    np.testing.assert_array_equal(first[1], second[1])


def test_float32_stays_float32():
    layer, x, rng = case(11, 3, 4, 5, 3)
    small = Conv(*(a.astype(np.float32) for a in vars(layer).values()))
    dy = rng.normal(size=(11, 3, 5))
    settings = (1, "causal", 1)
    left = numbers(small, x.astype(np.float32), settings, dy.astype(np.float32))
    for a, b in zip(left, numbers(layer, x, settings, dy), strict=True):
        assert a.dtype == np.float32
        assert relative_error(a, b) < 1e-5


def test_any_memory_order():
    """Transposed inputs, broadcast cotangents and Fortran weights give the same numbers."""
    layer, x, _ = case(11, 3, 4, 5, 3)
    dy = np.broadcast_to(np.arange(5.0), (11, 3, 5))
    batch_first = np.ascontiguousarray(x.transpose(1, 0, 2)).transpose(1, 0, 2)
    odd = Conv(*map(np.asfortranarray, vars(layer).values()))
    settings = (1, 1, 1)
    right = numbers(layer, x, settings, dy.copy())
    for a, b in zip(numbers(odd, batch_first, settings, dy), right, strict=True):
        assert relative_error(a, b) < 1e-14


def test_init_keeps_the_variance():
    layer = Conv.init(60, 70, 5, np.random.default_rng(0), np.float32)
    assert {a.dtype for a in vars(layer).values()} == {np.dtype(np.float32)}
    assert layer.W.shape == (5, 60, 70) and not layer.b.any()
    assert abs(5 * 60 * layer.W.var() - 1) < 0.05


def test_output_length_counts_windows():
    for T, F, S, P, d in product(range(1, 12), range(1, 5), range(1, 4), range(3), range(1, 4)):
        starts = [s for s in range(0, T + 2 * P, S) if s + (F - 1) * d < T + 2 * P]
        if starts:
            assert output_length(T, F, S, P, d) == len(starts)
        else:
            with pytest.raises(ValueError, match="do not fit"):
                output_length(T, F, S, P, d)


def test_receptive_field_is_what_an_impulse_reaches():
    stack = [(3, 1, 1), (2, 2, 1), (3, 1, 2), (4, 3, 1), (2, 1, 3)]
    field = receptive_field(stack)
    x = np.zeros((field + 20, 1, 1))

    def run(x):
        for F, S, d in stack:
            x, _ = Conv(np.ones((F, 1, 1)), np.zeros(1)).forward(x, S, 0, d)
        return x[0, 0, 0]

    reached = [t for t in range(len(x)) if run(np.eye(len(x))[t][:, None, None]) != 0]
    assert reached[0] == 0 and reached[-1] == field - 1


@pytest.mark.parametrize(
    ("x", "settings", "dy", "message"),
    [
        ((11, 3, 5), (), (9, 3, 5), r"x must be \(T, N, 4\), got \(11, 3, 5\)"),
        ((11, 4), (), (9, 3, 5), r"x must be \(T, N, 4\), got \(11, 4\)"),
        ((11, 3, 4), (), (11, 3, 5), r"dy must be \(9, 3, 5\), got \(11, 3, 5\)"),
        ((2, 3, 4), (), (1, 3, 5), "3 taps 1 apart do not fit into 2 steps"),
        ((11, 3, 4), (1, -1), (9, 3, 5), r'padding must be a number ≥ 0 or "causal", got -1'),
        ((11, 3, 4), (1, "same"), (9, 3, 5), "got 'same'"),
        ((11, 3, 4), (0,), (9, 3, 5), "must be ≥ 1, got 3, 0, 1"),
        ((11, 3, 4), (1, 0, 0), (9, 3, 5), "must be ≥ 1, got 3, 1, 0"),
    ],
)
def test_wrong_arguments_are_named(x, settings, dy, message):
    layer, *_ = case(11, 3, 4, 5, 3)
    with pytest.raises(ValueError, match=message):
        _, tape = layer.forward(np.zeros(x), *settings)
        layer.backward(tape, np.zeros(dy))


@pytest.mark.parametrize("wrong", [lambda a: a.astype(int), np.ndarray.tolist], ids=["int", "list"])
def test_what_is_not_an_array_of_floats_is_named(wrong):
    layer, x, _ = case(11, 3, 4, 5, 3)
    y, tape = layer.forward(x)
    with pytest.raises(ValueError, match=r"x must be an array of floats .* got (int64|list)"):
        layer.forward(wrong(x))
    with pytest.raises(ValueError, match=r"dy must be an array of floats .* got (int64|list)"):
        layer.backward(tape, wrong(y))


def test_no_sequence_at_all():
    layer, x, _ = case(11, 3, 4, 5, 3)
    y, tape = layer.forward(x[:, :0], 2, 1)
    grads, dx = layer.backward(tape, y)
    assert y.shape == (6, 0, 5) and dx.shape == (11, 0, 4) and not grads.W.any()


def test_half_a_stride_is_named():
    """It was an error of range()'s."""
    with pytest.raises(ValueError, match=r"^F, stride and dilation.* must be ≥ 1, got 3, 1\.5, 1"):
        Conv.init(2, 2, 3, np.random.default_rng(0)).forward(np.zeros((5, 1, 2)), stride=1.5)
