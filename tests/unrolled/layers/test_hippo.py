"""The past in a few numbers, against numpy's polynomials and torch's matrix exponential."""

import numpy as np
import pytest
import torch
from numpy.polynomial import Legendre

from unrolled.layers.hippo import matrices, polynomials, project, remember, squeeze


def test_polynomials_are_orthonormal_and_legendres():
    y, w = np.polynomial.legendre.leggauss(20)
    p = (y + 1) / 2
    g = polynomials(p, 7)
    assert np.allclose(g.T @ (w[:, None] / 2 * g), np.eye(7))
    assert np.allclose(g[:, 4], 3 * Legendre.basis(4)(y))


def test_matrices_of_three_numbers():
    A, b = matrices(3)
    assert np.allclose(A, [[1, 3**0.5, 5**0.5], [0, 2, 15**0.5], [0, 0, 3]])
    assert np.allclose(b**2, [1, 3, 5])
    assert np.allclose(polynomials(np.array([0.0, 1.0]), 3), [[1, -(3**0.5), 5**0.5], b])


@pytest.mark.parametrize("kept", [1.0, 0.7, 0.01])
def test_squeeze_is_a_power(kept):
    A, _ = matrices(9)
    power = torch.linalg.matrix_exp(torch.tensor(A * np.log(kept)))
    assert np.allclose(squeeze(kept, 9), power, atol=1e-11)


def test_nothing_is_left_of_a_past_that_is_squeezed_to_nothing():
    assert not squeeze(0.0, 4).any()


@pytest.mark.parametrize("H", [1, 2, 5, 48])
def test_the_steps_keep_the_direct_fit(H):
    x = np.random.default_rng(0).normal(size=90)
    z = remember(x, H)
    for t in (1, 2, 3, 50, 90):
        assert np.allclose(z[t - 1], project(x[:t], H), atol=1e-11)


def test_a_polynomial_is_fitted_as_it_is():
    steps = 4000
    p = (np.arange(steps) + 0.5) / steps
    x = 2 - 3 * p + p**3
    fit = polynomials(p, 4) @ project(x, 4)
    assert np.abs(fit - x).max() < 1e-6


def test_without_a_step_there_are_no_states():
    assert remember(np.zeros(0), 3).shape == (0, 3)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: polynomials(np.array([0.5, 1.1]), 3), "p must lie between 0 and 1"),
        (lambda: squeeze(1.5, 3), "kept must lie between 0 and 1"),
        (lambda: project(np.zeros(0), 3), "x must have at least one step"),
    ],
)
def test_errors(call, says):
    with pytest.raises(ValueError, match=says):
        call()
