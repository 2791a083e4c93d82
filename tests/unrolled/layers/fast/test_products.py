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
