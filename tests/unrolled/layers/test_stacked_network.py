"""The network of a stack and a readout: its gradient, its learning, what it leaves out."""

import numpy as np
import pytest

from unrolled.layers import LSTM, RNN, Bidirectional, Stack, cross_entropy, optimize
from unrolled.layers.stacked_network import StackedNetwork

T, N, D, H, V = 5, 3, 2, 4, 6


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def network(rng, dtype=float):
    stack = Stack([Bidirectional.init(RNN, D, H, rng, dtype), LSTM.init(2 * H, H, rng, dtype)])
    return StackedNetwork.init(stack, H, V, rng, dtype)


def batch(rng):
    lengths = np.array([T, 2, 3])
    mask = np.arange(T)[:, None] < lengths
    return rng.normal(size=(T, N, D)), rng.integers(V, size=(T, N)), mask, lengths


def test_gradient_against_differences(rng):
    net, (x, y, mask, lengths) = network(rng), batch(rng)
    u, tape = net.forward(x, lengths)
    grads = net.backward(tape, cross_entropy(u, y, mask)[1])
    for array, gradient in zip(optimize.arrays(net), optimize.arrays(grads), strict=True):
        place = tuple(rng.integers(size) for size in array.shape)
        kept, losses = array[place], []
        for step in (1e-6, -1e-6):
            array[place] = kept + step
            losses.append(cross_entropy(net.forward(x, lengths)[0], y, mask)[0])
        array[place] = kept
        assert gradient[place] == pytest.approx((losses[0] - losses[1]) / 2e-6, rel=1e-4, abs=1e-8)


@pytest.mark.parametrize("decay", [False, True])
def test_learns_a_batch_by_heart(rng, decay):
    net, one = network(rng), batch(rng)
    losses = net.fit([one] * 150, 0.03, decay=decay)
    assert len(losses) == 150 and losses[0] > 1 and losses[-1] < 0.1


def test_the_rate_falls_over_the_second_half(rng):
    """With decay, the first half is as without, and the last step is the shortest."""
    runs, one = [], batch(rng)
    for decay in (False, True):
        runs.append(network(np.random.default_rng(1)).fit([one] * 40, 0.01, decay=decay))
    assert runs[0][:22] == runs[1][:22] and runs[0][22] != runs[1][22]


def test_padding_counts_for_nothing(rng):
    x, y, mask, lengths = batch(rng)
    other = np.where(mask[..., None], x, 7.0), np.where(mask, y, 0), mask, lengths
    a, b = (network(np.random.default_rng(2)) for _ in range(2))
    assert a.fit([(x, y, mask, lengths)] * 3, 0.01) == b.fit([other] * 3, 0.01)


def test_single_precision_stays(rng):
    net, (x, *_) = network(rng, np.float32), batch(rng)
    assert net.forward(x.astype(np.float32))[0].dtype == np.float32


def test_wrong_arguments_are_named(rng):
    net, one = network(rng), batch(rng)
    with pytest.raises(ValueError, match="each of batches"):
        net.fit([one[:2]], 0.01)
    with pytest.raises(ValueError, match="stack must be"):
        StackedNetwork.init(RNN.init(D, H, rng), H, V, rng)
