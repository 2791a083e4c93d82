"""One recurrence in three forms, equal on lengths that no block size divides."""

import numpy as np
import pytest

from unrolled.layers import relative_error, scan
from unrolled.layers.semiseparable import blocks, decays, masked, recurrent

N, S, P = 3, 4, 5


def case(T):
    rng = np.random.default_rng(T)
    x, B, C = (rng.normal(size=(T, N, k)) for k in (P, S, S))
    return x, -rng.exponential(size=(T, N)), B, C, rng.normal(size=(N, S, P))


@pytest.mark.parametrize("T", [0, 1, 2, 13, 67, 131])
@pytest.mark.parametrize("L", [1, 7, 64, 1000])
def test_three_forms(T, L):
    given = case(T)
    one = recurrent(*given)
    for other in (masked(*given), blocks(*given, L)):
        for left, right in zip(one, other, strict=True):
            assert relative_error(left, right) < 1e-10


def test_against_the_scan():
    x, log_a, B, C, h = case(29)
    write = B[..., None] * x[:, :, None]
    keep = np.broadcast_to(np.exp(log_a)[..., None, None], write.shape)
    states, _ = scan.forward(write, keep.copy(), h)
    y, last = recurrent(x, log_a, B, C, h)
    assert relative_error(y, np.einsum("tns,tnsp->tnp", C, states)) < 1e-12
    assert relative_error(last, states[-1]) < 1e-12


def test_decays_by_hand():
    a = np.array([0.9, 0.5, 0.2])
    expected = [[1, 0, 0], [0.5, 1, 0], [0.1, 0.2, 1]]  # the first factor is the first state's
    assert np.allclose(decays(np.log(a)[:, None])[0], expected, atol=1e-15)


@pytest.mark.parametrize("decay", [0.0, -80.0])
def test_extremes(decay):
    """Everything kept, or nothing: no form divides by what has become 0."""
    x, log_a, B, C, h = case(40)
    given = x, np.full_like(log_a, decay), B, C, h
    for form in (masked, blocks):
        for left, right in zip(recurrent(*given), form(*given), strict=True):
            assert np.isfinite(right).all() and relative_error(left, right) < 1e-10


def test_single_precision_stays():
    given = [a.astype(np.float32) for a in case(9)]
    for form in (recurrent, masked, blocks):
        assert {a.dtype for a in form(*given)} == {np.dtype(np.float32)}
