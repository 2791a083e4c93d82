"""Products in blocks against whole ones, and steps in chunks."""

import numpy as np
import pytest

from unrolled.layers.fast import products


@pytest.mark.parametrize("avx512", [False, True])
@pytest.mark.parametrize(
    ("M", "K", "size"), [(384, 96, 64), (97, 384, 97), (600, 500, 600), (8, 9, 8)]
)
def test_products_in_blocks(monkeypatch, avx512, M, K, size):
    """Split where that is faster: too large for one, the weights in the cache, equal blocks."""
    monkeypatch.setattr(products, "AVX512", avx512)
    rng = np.random.default_rng(0)
    W, s = rng.normal(size=(M, K)), rng.normal(size=(K, 150))
    assert products.block_size(M, K, 150, 8) == (size if avx512 else M)
    out = np.empty((M, 150))
    products.product(W, 150, float)(s, out=out)
    np.testing.assert_allclose(out, W @ s, rtol=1e-10, atol=1e-12)
    out = np.empty((150, M))
    products.product_of_rows(W.T, 150, float)(s.T, out=out)
    np.testing.assert_allclose(out, s.T @ W.T, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("steps", [1, 4, 5, 9])
def test_chunks_cover_all_steps_once_last_ones_first(monkeypatch, steps):
    monkeypatch.setattr(products, "CHUNK", 4 * 2 * 3 * 8)  # four steps of (2, 3) float64
    seen = [t for now in products.chunks_backward(np.empty((steps, 2, 3)))
            for t in range(now.start, now.stop)[::-1]]  # fmt: skip
    assert seen == list(range(steps))[::-1]
    sizes = [now.stop - now.start for now in products.chunks_backward(np.empty((steps, 2, 3)))]
    assert sizes[:-1] == [4] * (len(sizes) - 1) and 1 <= sizes[-1] <= 4


@pytest.mark.parametrize("sizes", [(200, 100, 100), (384, 96, 150), (1000, 10, 125), (640, 64, 50)])
def test_the_block_is_the_largest_that_openblas_does_not_copy(monkeypatch, sizes):
    monkeypatch.setattr(products, "AVX512", True)
    M, K, N = sizes
    fitting = [n for n in range(8, M) if M % n == 0 and n * K * N <= 1_000_000]
    assert products.block_size(M, K, N, 4) == max(fitting)


def test_inputs_of_a_step_below_each_other():
    rng = np.random.default_rng(0)
    x, h_0 = rng.normal(size=(4, 3, 2)), rng.normal(size=(3, 5))  # T, N, D; N, H
    s = products.below_each_other(x, h_0, np.float32)
    assert s.shape == (5, 8, 3) and s.dtype == np.float32
    np.testing.assert_array_equal(s[0, :5], h_0.T.astype(np.float32))
    for t in range(4):
        for n in range(3):
            np.testing.assert_array_equal(s[t, 5:, n], [*x[t, n].astype(np.float32), 1])


def test_all_steps_side_by_side():
    a = np.random.default_rng(0).normal(size=(4, 2, 3))  # T, features, N
    flat = products.all_steps(a)
    assert flat.shape == (2, 12) and not np.shares_memory(flat, a)
    for t in range(4):
        np.testing.assert_array_equal(flat[:, 3 * t : 3 * t + 3], a[t])
