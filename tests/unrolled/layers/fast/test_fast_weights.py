"""Fast weights in blocks against the plain loop, at lengths that no block divides."""

import numpy as np
import pytest

from unrolled.layers import fast_weights as plain
from unrolled.layers.fast import fast_weights as fast

N, K, V = 2, 5, 3


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def case(T, rng, dtype=float):
    q, k = rng.normal(size=(2, T, N, K))
    k /= np.linalg.norm(k, axis=-1, keepdims=True)
    log_alpha, beta = np.log(rng.uniform(0.5, 1, (T, N))), rng.uniform(0, 2, (T, N))
    more = rng.normal(size=(T, N, V)), log_alpha, beta, rng.normal(size=(N, K, V))
    cotangents = rng.normal(size=(T, N, V)), rng.normal(size=(N, K, V))
    return [[a.astype(dtype) for a in part] for part in ((q, k, *more), cotangents)]


def numbers(kind, arguments, cotangents, delta, **block):
    o, S_T, tape = kind.forward(*arguments, delta, **block)
    return [o, S_T, *kind.backward(tape, *cotangents)]


@pytest.mark.parametrize("delta", [True, False])
@pytest.mark.parametrize("T, C", [(1, 1), (5, 1), (5, 5), (5, 64), (7, 3), (40, 16), (101, 32)])
def test_equals_the_loop(rng, T, C, delta):
    arguments, cotangents = case(T, rng)
    ours = numbers(fast, arguments, cotangents, delta, C=C)
    for one, other in zip(ours, numbers(plain, arguments, cotangents, delta), strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("gates", [(-80.0, -80.0), (80.0, 80.0), (-80.0, 80.0)])
def test_gates_shut_and_open(rng, gates):
    """Products of decays far below the smallest number: differences of logarithms do not mind."""
    (q, k, v, _, beta, S_0), cotangents = case(70, rng)
    open_or_shut = np.where(rng.random(beta.shape) < 0.5, *gates)
    arguments = q, k, v, -np.logaddexp(0, -open_or_shut), beta, S_0
    ours = numbers(fast, arguments, cotangents, True, C=32)
    for one, other in zip(ours, numbers(plain, arguments, cotangents, True), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)


def test_single_precision(rng):
    arguments, cotangents = case(100, rng, np.float32)
    double = numbers(plain, *([a.astype(float) for a in p] for p in (arguments, cotangents)), True)
    for one, other in zip(numbers(fast, arguments, cotangents, True, C=32), double, strict=True):
        assert one.dtype == np.float32
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("T", "count"), [(0, 2), (3, 0)])
def test_no_steps_and_no_sequences(T, count):
    q, v = np.ones((T, count, K)), np.ones((T, count, V))
    gate, S_0 = np.zeros((T, count)), np.ones((count, K, V))
    o, S_T, tape = fast.forward(q, q, v, gate, gate, S_0)
    dq, *_, dS_0 = fast.backward(tape, o, S_0)
    assert o.shape == v.shape and dq.shape == q.shape
    assert np.array_equal(S_T, S_0) and np.array_equal(dS_0, S_0)


@pytest.mark.parametrize("C", [1, 2, 7, 16, 17, 31, 32, 33, 48, 64, 100])
def test_inverse(rng, C):
    """Against NumPy's, from the triangle below the diagonal alone."""
    L = rng.normal(size=(3, C, C)) / C
    ours = fast.inverse_of_unit_lower(L)
    np.testing.assert_allclose(ours, np.linalg.inv(np.eye(C) + np.tril(L, -1)), atol=1e-12)


def test_nothing_passed_in_changes(rng):
    arguments, cotangents = case(9, rng)
    before = [a.copy() for a in (*arguments, *cotangents)]
    _, _, tape = fast.forward(*arguments, C=4)
    first, second = (fast.backward(tape, *cotangents) for _ in range(2))
    assert all(map(np.array_equal, before, (*arguments, *cotangents)))
    assert all(map(np.array_equal, first, second))
