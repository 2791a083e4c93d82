"""The convolution with a state against the one that sees all (the rest: test_layer_contract)."""

import numpy as np
import pytest

from unrolled.layers.causal_conv import CausalConv
from unrolled.layers.conv import Conv
from unrolled.layers.gradients import relative_error


@pytest.mark.parametrize(("F", "dilation"), [(1, 1), (3, 1), (3, 2), (2, 5)])
def test_a_state_of_zeros_is_causal_padding(F, dilation):
    rng = np.random.default_rng(0)
    layer = CausalConv.init(4, 5, rng, F=F, dilation=dilation)
    layer.b += rng.normal(size=5)
    x, dh = rng.normal(size=(7, 3, 4)), rng.normal(size=(7, 3, 5))
    y, _, tape = layer.forward(x, layer.zeros(3))
    grads, dx, _ = layer.backward(tape, dh)
    whole = Conv(layer.W, layer.b)
    expected, whole_tape = whole.forward(x, padding="causal", dilation=dilation)
    whole_grads, whole_dx = whole.backward(whole_tape, dh)
    pairs = [(y, expected), (dx, whole_dx), (grads.W, whole_grads.W), (grads.b, whole_grads.b)]
    for a, b in pairs:
        assert relative_error(a, b) < 1e-14
    assert grads.dilation == dilation


@pytest.mark.parametrize("T", [0, 1, 3, 4, 9])
def test_the_state_is_the_last_inputs(T):
    """Also those of the state before, where a segment is shorter than the filter."""
    rng = np.random.default_rng(0)
    layer = CausalConv.init(2, 5, rng, F=3, dilation=2)
    state, x = rng.normal(size=(4, 3, 2)), rng.normal(size=(T, 3, 2))
    _, last_state, _ = layer.forward(x, state)
    np.testing.assert_array_equal(last_state, np.concatenate([state, x])[-4:])


def test_init_is_that_of_conv():
    layer = CausalConv.init(4, 5, np.random.default_rng(0), F=2, dilation=3)
    conv = Conv.init(4, 5, 2, np.random.default_rng(0))
    np.testing.assert_array_equal(layer.W, conv.W)
    assert layer.zeros(6).shape == (3, 6, 4)
