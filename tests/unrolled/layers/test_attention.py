"""Attention by hand: every gradient by differences, padding without weight and without gradient."""

import numpy as np
import pytest
import torch

from unrolled.layers.attention import Additive, Dot, weigh
from unrolled.layers.gradients import numerical_gradient, relative_error

N, T, S, H, D, A = 3, 2, 5, 4, 6, 7
MASK = np.arange(S)[:, None] < np.array([5, 1, 3])  # (S, N)
LAYERS = [Dot(), Additive.init(H, A, np.random.default_rng(1))]
names = pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)


def draw(N=N, T=T, S=S, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=s) for s in [(T, N, H), (S, N, H), (S, N, D), (T, N, D)]]


@names
@pytest.mark.parametrize(("T", "S"), [(2, 5), (1, 5), (2, 1)])
def test_every_gradient_agrees_with_differences(layer, T, S):
    Q, K, M, dC = draw(T=T, S=S)
    mask = MASK[:S]
    C, tape = layer.forward(Q, K, M, mask)
    assert C.shape == (T, N, D)
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
    assert not tape.alpha[~np.broadcast_to(MASK.T[:, None], (N, T, S))].any()
    assert not dK[~MASK].any() and not dM[~MASK].any()
    for n, length in enumerate(MASK.sum(axis=0)):  # each sequence alone, without padding
        one, part = np.s_[:, n : n + 1], np.s_[:length, n : n + 1]
        C_n, tape = layer.forward(Q[one], K[part], M[part], MASK[part])
        np.testing.assert_allclose(C_n, C[one], rtol=1e-12)
        np.testing.assert_allclose(layer.backward(tape, dC[one])[1], dQ[one], atol=1e-14)


def test_the_dot_product_is_torchs():
    Q, K, M, dC = draw()
    mask = torch.tensor(MASK.T)[:, None].expand(-1, T, -1)
    arrays = [torch.tensor(a.transpose(1, 0, 2), requires_grad=True) for a in (Q, K, M)]
    theirs = torch.nn.functional.scaled_dot_product_attention(*arrays, mask)
    theirs.backward(torch.tensor(dC.transpose(1, 0, 2)))
    C, tape = Dot().forward(Q, K, M, MASK)
    np.testing.assert_allclose(C.transpose(1, 0, 2), theirs.detach(), rtol=1e-12)
    for ours, a in zip(Dot().backward(tape, dC)[1:], arrays, strict=True):
        np.testing.assert_allclose(ours.transpose(1, 0, 2), a.grad, atol=1e-13)


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
    assert weigh(e, np.array([[True], [True], [False]])).tolist() == [[[1, 0, 0]]]


def test_wrong_input():
    Q, K, M, dC = draw()
    empty = MASK.copy()
    empty[:, 1] = False
    for mask, message in [
        (MASK[:2], r"mask must be booleans \(5, 3\), got bool \(2, 3\)"),
        (MASK.T, r"got bool \(3, 5\)"),
        (1.0 * MASK, "got float64"),
        (empty, "a column of False"),
    ]:
        with pytest.raises(ValueError, match=message):
            Dot().forward(Q, K, M, mask)
    for wrong, message in [
        ((Q[:, :2], K, M), r"K must be \(S, 2, 4\), got \(5, 3, 4\)"),
        ((Q, K[..., :2], M), r"K must be \(S, 3, 4\), got \(5, 3, 2\)"),
        ((Q, K, M[:2]), r"M must be \(5, 3, D\), got \(2, 3, 6\)"),
        ((Q[0], K, M), r"Q must be \(T, N, H\), got \(3, 4\)"),
        ((Q, K.astype(int), M), "K must be an array of floats .* got int64"),
        ((Q, K, M.tolist()), "M must be an array of floats .* got list"),
    ]:
        for layer in LAYERS:
            with pytest.raises(ValueError, match=message):
                layer.forward(*wrong, MASK)
    for layer in LAYERS:
        _, tape = layer.forward(Q, K, M, MASK)
        with pytest.raises(ValueError, match=r"dC must be \(2, 3, 6\), got \(1, 3, 6\)"):
            layer.backward(tape, dC[:1])


@names
@pytest.mark.parametrize(("N", "T"), [(0, 2), (3, 0)])
def test_no_query_and_no_sequence(layer, N, T):
    Q, K, M, dC = draw(N, T)
    C, tape = layer.forward(Q, K, M, MASK[:, :N])
    grads, dQ, dK, dM = layer.backward(tape, dC)
    assert C.shape == dC.shape and (dQ.shape, dK.shape, dM.shape) == (Q.shape, K.shape, M.shape)
    assert not any(a.any() for a in (dK, dM, *vars(grads).values()))


@names
def test_nothing_given_is_changed_and_any_memory_may_be_read_only(layer):
    given = [*draw(), MASK]
    odd = [np.asfortranarray(a) for a in given]
    for a in odd:
        a.flags.writeable = False
    C, tape = layer.forward(*given[:3], MASK)
    C_odd, tape_odd = layer.forward(*odd[:3], odd[4])
    assert relative_error(C_odd, C) < 1e-14
    right = layer.backward(tape, given[3])
    for _ in range(2):
        left = layer.backward(tape_odd, odd[3])
        for a, b in zip(left[1:], right[1:], strict=True):
            assert relative_error(a, b) < 1e-14


def test_queries_of_another_size_than_the_layer_s_are_named():
    Q, K, M, _ = draw()
    layer = Additive.init(H + 1, A, np.random.default_rng(1))
    with pytest.raises(ValueError, match=r"Q must be \(T, N, 5\), got \(2, 3, 4\)"):
        layer.forward(Q, K, M, MASK)


def test_a_mask_may_be_a_list():
    Q, K, M, _ = draw()
    C, _ = Dot().forward(Q, K, M, MASK.tolist())
    np.testing.assert_array_equal(C, Dot().forward(Q, K, M, MASK)[0])
    with pytest.raises(ValueError, match=r"e must be an array of floats .*, got list"):
        weigh([[[1.0]]], MASK)


def test_init_gives_scores_of_no_size_in_particular():
    """Queries and keys of H numbers of size 1 come out of the matrices with that size."""
    layer = Additive.init(400, 300, np.random.default_rng(0))
    for W in (layer.W_q, layer.W_k):
        assert abs(W.mean()) < 0.001 and W.std() == pytest.approx(1 / 20, rel=0.02)
    assert np.abs((layer.W_q * layer.W_k).mean()) < 1e-4  # drawn apart from each other
    assert abs(layer.w.mean()) < 0.02 and layer.w.std() == pytest.approx(300**-0.5, rel=0.15)
