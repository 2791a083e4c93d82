"""The convolution against the loop, real and complex, in float32 too, and the filter alone."""

import numpy as np
import pytest

from unrolled.layers import LRU, scan
from unrolled.layers.gradients import check_layer
from unrolled.layers.long_filter import convolve, filtered, powers, taps


@pytest.mark.parametrize("T", [0, 1, 2, 7, 64])
@pytest.mark.parametrize("kind", [float, complex])
def test_fills_as_the_loop_does(T, kind):
    rng = np.random.default_rng(0)
    beta, s_0 = (rng.normal(size=(*n, 3, 4)).astype(kind) for n in ((T,), ()))
    lam = rng.uniform(0.3, 0.99, (3, 4)).astype(kind)
    if kind is complex:
        beta += 1j * rng.normal(size=beta.shape)
        lam *= np.exp(1j * rng.uniform(0, 6, lam.shape))
    for one in (lam, lam[:1]):  # a factor for each sequence, and one for all
        a, b = (np.zeros((T + 1, 3, 4), kind) for _ in range(2))
        a[0] = b[0] = s_0
        gamma = np.broadcast_to(one, beta.shape)
        convolve(a, beta, gamma)
        scan.sequential(b, beta, gamma)
        assert np.abs(a - b).max() < 1e-12
        a[1:] = 0
        convolve(a, beta, gamma.copy())
        assert np.abs(a - b).max() < 1e-12


def test_refuses_factors_that_change():
    with pytest.raises(ValueError, match="gamma must be the same at every step"):
        convolve(np.zeros((4, 1)), np.ones((3, 1)), np.array([[0.5], [0.5], [0.4]]))


def test_gradients_of_a_layer_go_through_it():
    rng = np.random.default_rng(0)
    layer = LRU.init(2, 3, rng, ring=(0.5, 0.9))
    errors = check_layer(
        layer,
        rng.normal(size=(9, 2, 2)),
        rng.normal(size=(2, 6)),
        np.random.default_rng(1),
        fill=convolve,
    )
    assert max(errors.values()) < 1e-7, errors


def test_float32_stays():
    layer = LRU.init(2, 3, np.random.default_rng(0), dtype=np.float32)
    x = np.ones((9, 2, 2), np.float32)
    h, last, tape = layer.forward(x, layer.zeros(2), fill=convolve)
    assert h.dtype == last.dtype == np.float32 and tape.z.dtype == np.complex64


def test_powers():
    lam = np.array([0.5, 0.9j, -1.0])
    assert np.allclose(powers(lam, 11), lam ** np.arange(11)[:, None], rtol=1e-13)
    assert powers(np.zeros(2), 3).tolist() == [[1, 1], [0, 0], [0, 0]]


def test_the_filter_gives_what_is_read_off_the_states():
    rng = np.random.default_rng(0)
    T, N, H = 33, 2, 5
    lam = rng.uniform(0.5, 0.9, H) * np.exp(1j * rng.uniform(0, 3, H))
    b, c = rng.normal(size=(2, H)) + 1j * rng.normal(size=(2, H))
    x, z, read = rng.normal(size=(T, N)), np.zeros((N, H)), []
    for row in x:
        z = lam * z + row[:, None] * b
        read.append((z @ c).real)
    assert np.allclose(filtered(x, taps(lam, b, c, T)), read, atol=1e-12)
    assert filtered(np.zeros((0, N)), np.zeros(0)).shape == (0, N)


def test_shapes_of_the_filter():
    with pytest.raises(ValueError, match="lam, b and c must be"):
        taps(np.ones(3), np.ones(2), np.ones(3), 4)
