"""Softmax and cross-entropy against torch."""

import numpy as np
import pytest
import torch

from unrolled.layers.gradients import numerical_gradient, relative_error
from unrolled.layers.loss import cross_entropy, softmax

T, N, V = 5, 3, 7


def case():
    rng = np.random.default_rng(0)
    u, y = 3 * rng.normal(size=(T, N, V)), rng.integers(V, size=(T, N))
    return u, y, rng.random((T, N)) < 0.6


def test_softmax_equals_torch():
    u, _, _ = case()
    assert relative_error(softmax(u), torch.softmax(torch.from_numpy(u), -1).numpy()) < 1e-15


def test_large_logits_are_safe():
    u = np.array([[1000.0, 0.0, -1000.0], [-5000.0, -5000.0, -5000.0]])
    np.testing.assert_array_equal(softmax(u), [[1, 0, 0], [1 / 3] * 3])
    loss, du = cross_entropy(u, np.array([2, 0]))  # log 0 would come out as infinity
    np.testing.assert_allclose(loss, (2000 + np.log(3)) / 2)
    assert np.isfinite(du).all()


@pytest.mark.parametrize("masked", [False, True])
def test_equals_torch(masked):
    u, y, mask = case()
    logits = torch.tensor(u, requires_grad=True)
    target = np.where(mask, y, -100) if masked else y  # -100 is where torch looks away
    expected = torch.nn.functional.cross_entropy(
        logits.reshape(-1, V), torch.from_numpy(target).reshape(-1)
    )
    expected.backward()
    loss, du = cross_entropy(u, target, mask if masked else None)
    np.testing.assert_allclose(loss, expected.item(), rtol=1e-14)
    assert relative_error(du, logits.grad.numpy()) < 1e-14
    if masked:
        assert (du[~mask] == 0).all()


def test_gradient_equals_finite_differences():
    u, y, mask = case()
    _, du = cross_entropy(u, y, mask)
    numerical = numerical_gradient(lambda u: cross_entropy(u, y, mask)[0], u)
    assert relative_error(du, numerical) < 1e-8


@pytest.mark.parametrize("shape", [(), (4,), (2, 3, 4)])
def test_any_number_of_positions(shape):
    """Equal logits are a uniform guess: log V nats, whatever the shape; logits stay as given."""
    u = np.full((*shape, V), 2.5)
    loss, du = cross_entropy(u, np.zeros(shape, int))
    np.testing.assert_allclose(loss, np.log(V))
    assert du.shape == u.shape
    assert (u == 2.5).all()


def test_float32_stays_float32():
    u, y, mask = case()
    loss, du = cross_entropy(u.astype(np.float32), y, mask)
    assert softmax(u.astype(np.float32)).dtype == du.dtype == np.float32
    assert isinstance(loss, float)
    assert relative_error(du, cross_entropy(u, y, mask)[1]) < 1e-6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mask": np.zeros((T, N), bool)}, "at least one position must count"),
        ({"mask": np.ones((T, N))}, r"mask must be booleans \(5, 3\), got float64 \(5, 3\)"),
        ({"mask": np.ones(N, bool)}, r"mask must be booleans \(5, 3\), got bool \(3,\)"),
        ({"y": np.zeros(N, int)}, r"y must be integers \(5, 3\), got int64 \(3,\)"),
        ({"y": np.zeros((T, N + 1), int)}, r"y must be integers \(5, 3\), got int64 \(5, 4\)"),
        ({"y": np.zeros((T, N, 1), int)}, r"y must be integers \(5, 3\), got int64 \(5, 3, 1\)"),
        ({"y": np.zeros((T, N))}, r"y must be integers \(5, 3\), got float64"),
        ({"u": np.zeros((0, V)), "y": np.zeros(0, int)}, "at least one position must count"),
        ({"y": np.full((T, N), V)}, r"y must be in 0 ... 6, got 7 ... 7"),
        ({"y": np.full((T, N), -1)}, r"y must be in 0 ... 6, got -1 ... -1"),
    ],
)
def test_wrong_input_is_named(change, message):
    u, y, _ = case()
    with pytest.raises(ValueError, match=message):
        cross_entropy(**{"u": u, "y": y} | change)


def test_lists_are_read_and_what_is_no_logits_is_named():
    u, y, mask = [[1.0, 2.0], [0.5, 0.0]], [0, 1], [True, False]
    loss, du = cross_entropy(u, y, mask)
    expected, d_expected = cross_entropy(*map(np.array, (u, y, mask)))
    assert loss == expected and (du == d_expected).all()
    for wrong, came in [
        (None, "object"),
        (1.0, "float64"),
        (np.ones((2, 0)), "float64"),
        ("a", ""),
    ]:
        with pytest.raises(
            ValueError, match=r"u must be numbers \(..., V\), V at least 1, got " + came
        ):
            cross_entropy(wrong, y)
