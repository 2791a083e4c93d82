"""Attention by hand: every gradient by differences, padding without weight and without gradient."""

import numpy as np
import pytest
import torch

from unrolled.layers.attention import Additive, Dot, weigh
from unrolled.layers.gradients import numerical_gradient, relative_error

N, T, S, H, D, A = 3, 2, 5, 4, 6, 7
MASK = np.arange(S) < np.array([[5], [1], [3]])
LAYERS = [Dot(), Additive.init(H, A, np.random.default_rng(1))]
names = pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)


def draw(N=N, T=T, S=S, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=s) for s in [(N, T, H), (N, S, H), (N, S, D), (N, T, D)]]


@names
@pytest.mark.parametrize(("T", "S"), [(2, 5), (1, 5), (2, 1)])
def test_every_gradient_agrees_with_differences(layer, T, S):
    Q, K, M, dC = draw(T=T, S=S)
    mask = MASK[:, :S]
    C, tape = layer.forward(Q, K, M, mask)
    assert C.shape == (N, T, D)
    grads, dQ, dK, dM = layer.backward(tape, dC)

    def value(_):
        return np.sum(dC * layer.forward(Q, K, M, mask)[0])

    claimed = [(Q, dQ), (K, dK), (M, dM)]
    claimed += [(getattr(layer, k), d) for k, d in vars(grads).items()]
    for x, d in claimed:
        assert relative_error(d, numerical_gradient(value, x)) < 1e-7 or not d.any()


@names
def test_padding_has_no_weight_no_say_and_no_gradient(layer):
    Q, K, M, dC = draw()
    C, tape = layer.forward(Q, K, M, MASK)
    _, dQ, dK, dM = layer.backward(tape, dC)
    assert not tape[3][~np.broadcast_to(MASK[:, None], (N, T, S))].any()
    assert not dK[~MASK].any() and not dM[~MASK].any()
    for n, length in enumerate(MASK.sum(axis=1)):  # each sequence alone, without padding
        one, part = slice(n, n + 1), np.s_[n : n + 1, :length]
        C_n, tape = layer.forward(Q[one], K[part], M[part], MASK[part])
        np.testing.assert_allclose(C_n, C[one], rtol=1e-12)
        np.testing.assert_allclose(layer.backward(tape, dC[one])[1], dQ[one], atol=1e-14)


def test_the_dot_product_is_torchs():
    Q, K, M, dC = draw()
    mask = torch.tensor(MASK)[:, None].expand(-1, T, -1)
    arrays = [torch.tensor(a, requires_grad=True) for a in (Q, K, M)]
    theirs = torch.nn.functional.scaled_dot_product_attention(*arrays, mask)
    theirs.backward(torch.tensor(dC))
    C, tape = Dot().forward(Q, K, M, MASK)
    np.testing.assert_allclose(C, theirs.detach(), rtol=1e-12)
    for ours, a in zip(Dot().backward(tape, dC)[1:], arrays, strict=True):
        np.testing.assert_allclose(ours, a.grad, atol=1e-13)


@names
def test_float32_stays(layer):
    Q, K, M, dC = (a.astype(np.float32) for a in draw())
    if isinstance(layer, Additive):
        layer = Additive.init(H, A, np.random.default_rng(0), np.float32)
    C, tape = layer.forward(Q, K, M, MASK)
    grads, *others = layer.backward(tape, dC)
    assert {a.dtype for a in [C, *others, *vars(grads).values()]} == {np.dtype(np.float32)}


def test_scores_of_any_size():
    e = np.array([[[1e4, 0, 3e4]]])
    assert weigh(e, np.array([[True, True, False]])).tolist() == [[[1, 0, 0]]]


def test_wrong_input():
    Q, K, M, _ = draw()
    empty = MASK.copy()
    empty[1] = False
    for mask, message in [
        (MASK[:2], r"got bool \(2, 5\)"),
        (1.0 * MASK, "got float64"),
        (empty, "a row of False"),
    ]:
        with pytest.raises(ValueError, match=message):
            Dot().forward(Q, K, M, mask)
    for wrong in [(Q[:2], K, M), (Q[..., :2], K, M), (Q, K, M[:, :2]), (Q[0], K, M)]:
        for layer in LAYERS:
            with pytest.raises(ValueError, match="Q, K, M must be"):
                layer.forward(*wrong, MASK)
