"""The fast layers beside the plain ones; what both promise is in test_layer_contract.py."""

import numpy as np
import pytest

from unrolled import layers
from unrolled.layers import fast, relative_error
from unrolled.layers.fast import products

NAMES = ["RNN", "LSTM", "GRU"]
# T, N, D, H: usual; one step, one sequence, none; more steps than one chunk of slopes; and, where
# the processor has AVX-512, weights that are multiplied in blocks
SIZES = [(7, 3, 4, 5), (1, 3, 4, 5), (7, 1, 4, 5), (0, 3, 4, 5), (7, 0, 4, 5), (90, 9, 3, 24),
         (3, 70, 12, 96)]  # fmt: skip


def arrays(tree):
    """Every array of an output, in order."""
    if isinstance(tree, np.ndarray):
        return [tree]
    return [a for part in (tree if isinstance(tree, tuple) else vars(tree).values())
            for a in arrays(part)]  # fmt: skip


def both(name, T, N, D, H, dtype=float, odd=lambda a: a, cut=False):
    """All that the fast and the plain layer return from the same numbers."""
    rng = np.random.default_rng(0)
    plain = getattr(layers, name).init(D, H, rng, dtype)
    for a in vars(plain).values():
        a += 0.3 * rng.normal(size=a.shape).astype(dtype)

    def draw(*shape):
        return rng.normal(size=shape).astype(dtype)

    def state():
        return (draw(N, H), draw(N, H)) if name == "LSTM" else draw(N, H)

    x, dh, start, late = draw(T, N, D), draw(T, N, H), state(), None if cut else state()
    outputs = []
    for layer in (getattr(fast, name)(*vars(plain).values()), plain):
        h, last_state, tape = layer.forward(odd(x), start)
        outputs.append([*arrays((h, last_state)), *arrays(layer.backward(tape, odd(dh), late))])
    return outputs


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("cut", [False, True], ids=["", "nothing comes back"])
def test_equal_to_the_plain_layer(name, size, cut):
    for left, right in zip(*both(name, *size, cut=cut), strict=True):
        assert left.shape == right.shape and left.dtype == right.dtype
        assert relative_error(left, right) < 1e-12


@pytest.mark.parametrize("name", NAMES)
def test_other_memory(name):
    def batch_first(a):
        return np.ascontiguousarray(a.transpose(1, 2, 0)).transpose(2, 0, 1)

    for left, right in zip(*both(name, 7, 3, 4, 5, odd=batch_first), strict=True):
        assert relative_error(left, right) < 1e-12


@pytest.mark.parametrize("name", NAMES)
def test_float32(name):
    for left, right in zip(*both(name, 7, 3, 4, 5, np.float32), strict=True):
        assert left.dtype == right.dtype == np.float32
        assert relative_error(left, right) < 1e-5


@pytest.mark.parametrize("avx512", [False, True])
@pytest.mark.parametrize(
    ("M", "K", "count"), [(384, 96, 6), (97, 384, 1), (600, 500, 1), (8, 9, 1)]
)
def test_products_in_blocks(monkeypatch, avx512, M, K, count):
    """Split where that is faster: too large for one, the weights in the cache, and equal rows."""
    monkeypatch.setattr(products, "AVX512", avx512)
    rng = np.random.default_rng(0)
    W, s = rng.normal(size=(M, K)), rng.normal(size=(K, 150))
    in_blocks, out = products.blocks(W, 150, float), np.empty((M, 150))
    assert len(in_blocks) == (count if avx512 else 1)
    products.product(in_blocks, s, out)
    np.testing.assert_allclose(out, W @ s, rtol=1e-10, atol=1e-12)
    in_blocks, out = products.blocks_of_columns(W.T, 150, float), np.empty((150, M))
    assert len(in_blocks) == (count if avx512 else 1)
    products.product_of_rows(s.T, in_blocks, out)
    np.testing.assert_allclose(out, s.T @ W.T, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("steps", [1, 4, 5, 9])
def test_chunks_cover_all_steps_once_last_ones_first(monkeypatch, steps):
    monkeypatch.setattr(products, "CHUNK", 4 * 2 * 3 * 8)  # four steps of (2, 3) float64
    seen = [t for now in products.chunks_backward(np.empty((steps, 2, 3)))
            for t in range(now.start, now.stop)[::-1]]  # fmt: skip
    assert seen == list(range(steps))[::-1]
