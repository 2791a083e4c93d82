"""Optimisers and clipping against torch's."""

import numpy as np
import pytest
import torch

from unrolled.layers.optimize import SGD, Adam, clip_norm, clip_value, global_norm
from unrolled.layers.rnn import RNN


def quadratic(parameters):
    """Gradients of a bowl that is steeper in some directions, so that every step differs."""
    return [np.arange(1.0, p.size + 1).reshape(p.shape) * (p - 1) for p in parameters]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda: SGD(0.03), lambda p: torch.optim.SGD(p, 0.03)),
        (lambda: SGD(0.03, 0.9), lambda p: torch.optim.SGD(p, 0.03, momentum=0.9)),
        (lambda: Adam(), lambda p: torch.optim.Adam(p)),
        (
            lambda: Adam(0.1, (0.7, 0.8), 1e-3),
            lambda p: torch.optim.Adam(p, 0.1, (0.7, 0.8), 1e-3),
        ),
    ],
)
def test_equals_torch(ours, theirs):
    rng = np.random.default_rng(0)
    left = [rng.normal(size=(3, 4)), rng.normal(size=5)]
    right = [torch.tensor(p, requires_grad=True) for p in left]
    ours, theirs = ours(), theirs(right)
    for _ in range(8):
        gradients = quadratic(left)
        for p, g in zip(right, gradients, strict=True):
            p.grad = torch.tensor(g)
        ours.step(left, gradients)
        theirs.step()
        for a, b in zip(left, right, strict=True):
            np.testing.assert_allclose(a, b.detach().numpy(), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("optimizer", [SGD(0.1, 0.5), Adam(0.1)])
def test_parameters_change_in_place_whatever_holds_them(optimizer):
    layer = RNN.init(2, 3, np.random.default_rng(0), np.float32)
    V = np.ones((3, 4), np.float32)
    model = {"layer": layer, "output": (V, [np.zeros(4, np.float32)])}
    before, W_hh = V.copy(), layer.W_hh
    gradients = {"layer": RNN(*vars(layer).values()), "output": [V.copy(), [np.ones(4)]]}
    optimizer.step(model, gradients)
    assert layer.W_hh is W_hh
    assert (before != V).all()
    assert {a.dtype for a in (*vars(layer).values(), V)} == {np.dtype(np.float32)}


def test_the_order_of_keys_does_not_matter():
    parameters, gradients = (
        {"a": np.zeros(2), "b": np.zeros(2)},
        {"b": np.ones(2), "a": np.zeros(2)},
    )
    SGD(1.0).step(parameters, gradients)
    np.testing.assert_array_equal(parameters["a"], 0)
    np.testing.assert_array_equal(parameters["b"], -1)


def test_gradients_of_another_shape_are_refused():
    p = [np.zeros((3, 4)), np.zeros(4)]
    for wrong in ([p[0]], [p[0], np.zeros((1, 4))], p[::-1]):
        with pytest.raises(ValueError, match="gradients must have shapes"):
            SGD(0.1).step(p, wrong)


def test_an_array_and_a_list_are_told_apart_by_their_shapes():
    for p, g, said in [
        (np.zeros(2), [np.ones(2), np.ones(3)], r"\[\(2,\)\], got \[\(2,\), \(3,\)\]"),
        ([np.zeros(2), np.zeros(3)], np.ones(2), r"\[\(2,\), \(3,\)\], got \[\(2,\)\]"),
    ]:
        with pytest.raises(ValueError, match=f"gradients must have shapes {said}"):
            SGD(0.1).step(p, g)


def test_the_norm_is_taken_over_everything():
    assert global_norm([np.array([3.0, 0.0]), {"b": np.array([[4.0]])}]) == 5
    huge = np.full(4, 1e30, np.float32)  # its square overflows in float32
    np.testing.assert_allclose(global_norm([huge]), 2e30, rtol=1e-6)


@pytest.mark.parametrize(("norm", "limit"), [(10, 5), (3, 5), (0.6, 0.5), (0.4, 0.5), (5, 5)])
def test_clip_norm(norm, limit):
    """To the limit exactly when above it, untouched below: the cases a squared norm gets wrong."""
    rng = np.random.default_rng(0)
    g = [rng.normal(size=(3, 4)), rng.normal(size=4)]
    scale = norm / global_norm(g)
    for a in g:
        a *= scale
    before = [a.copy() for a in g]
    twin = [torch.zeros(a.shape, dtype=torch.float64) for a in g]
    for p, a in zip(twin, g, strict=True):
        p.grad = torch.tensor(a)
    expected = torch.nn.utils.clip_grad_norm_(twin, limit)

    returned = clip_norm(g, limit)
    np.testing.assert_allclose(returned, norm, rtol=1e-14)
    np.testing.assert_allclose(returned, expected.item(), rtol=1e-14)
    np.testing.assert_allclose(global_norm(g), min(norm, limit), rtol=1e-14)
    for a, b, p in zip(g, before, twin, strict=True):
        np.testing.assert_allclose(a, p.grad.numpy(), rtol=1e-5)  # torch adds 1e-6 to the norm
        if norm < limit:
            np.testing.assert_array_equal(a, b)


def test_clip_value():
    g = {"a": np.array([-3.0, 0.5, 2.0]), "b": [np.array([[1.0, -1.5]])]}
    array = g["a"]
    clip_value(g, 1)
    np.testing.assert_array_equal(array, [-1, 0.5, 1])
    np.testing.assert_array_equal(g["b"][0], [[1, -1]])


def test_dicts_with_other_keys_are_refused():
    """Their arrays would be paired by order, "b" with "c"."""
    p = {"a": np.zeros(2), "b": [{"c": np.zeros(2)}]}
    for wrong in (
        {"a": np.zeros(2), "c": [{"c": np.zeros(2)}]},
        {"a": np.zeros(2), "b": [{"d": np.zeros(2)}]},
        [np.zeros(2), [{"c": np.zeros(2)}]],
    ):
        with pytest.raises(ValueError, match=r"gradients must have the keys \['.*'\], got \["):
            SGD(0.1).step(p, wrong)
    layer = RNN.init(3, 3, np.random.default_rng(0))  # W_hh would be paired with W_xh
    with pytest.raises(ValueError, match="gradients must have the keys"):
        Adam().step(layer, vars(layer))


@pytest.mark.parametrize("wrong", [torch.ones(2), None, "a", RNN, [torch.ones(2)]])
def test_what_holds_no_arrays_is_named(wrong):
    with pytest.raises(ValueError, match=r"expected NumPy arrays, .*, got a (Tensor|N|str|type)"):
        Adam().step(wrong, wrong)
    with pytest.raises(ValueError, match="expected NumPy arrays"):
        clip_norm(wrong, 1.0)


@pytest.mark.parametrize("clip", [clip_norm, clip_value])
@pytest.mark.parametrize("limit", [-1, np.nan])
def test_a_limit_is_at_least_zero(clip, limit):
    g = np.array([3.0, -4.0])
    with pytest.raises(ValueError, match=r"limit must be at least 0, got (-1|nan)"):
        clip(g, limit)
    np.testing.assert_array_equal(g, [3, -4])
    clip(g, 0)
    assert not g.any()
