"""The minGRU against finite differences, autograd on the published form, and its contract."""

import numpy as np
import pytest
import torch

from unrolled.layers import scan
from unrolled.layers.gradients import check_layer, relative_error
from unrolled.layers.mingru import MinGRU

SIZES = [(7, 3, 4, 5), (1, 3, 4, 5), (33, 1, 4, 5), (12, 3, 5, 1)]  # T, N, D, H


def case(T, N, D, H, dtype=float):
    rng = np.random.default_rng(0)
    layer = MinGRU.init(D, H, rng, dtype)
    layer.b_h += rng.normal(size=2 * H).astype(dtype)
    return layer, *(rng.normal(size=s).astype(dtype) for s in ((T, N, D), (N, H), (T, N, H)))


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("fill", [scan.sequential, scan.two_level, scan.tree])
def test_gradients(sizes, fill):
    layer, x, h_0, _ = case(*sizes)
    errors = check_layer(layer, x, h_0, np.random.default_rng(1), fill=fill)
    assert set(errors) == {"W_xh", "b_h", "x", "h_0"}
    assert max(errors.values()) < 1e-7, errors


def test_is_the_published_cell():
    """Feng et al. (2024), section 3.1: h = (1 - z) h + z h~, with z of the other sense."""
    layer, x, h_0, dh = case(20, 3, 4, 5)
    W, b, x_t, h = (torch.tensor(a, requires_grad=True) for a in (*vars(layer).values(), x, h_0))
    start, states = h, []
    for step in x_t.unbind(0):
        a_z, candidate = (step @ W + b).chunk(2, dim=-1)
        z = torch.sigmoid(-a_z)
        h = (1 - z) * h + z * candidate
        states.append(h)
    torch.stack(states).backward(torch.tensor(dh))
    ours, tape = layer.forward(x, h_0)
    grads, dx, dh_0 = layer.backward(tape, dh)
    pairs = [(ours, torch.stack(states).detach()), (grads.W_xh, W.grad), (grads.b_h, b.grad)]
    for left, right in [*pairs, (dx, x_t.grad), (dh_0, start.grad)]:
        assert relative_error(left, right.numpy()) < 1e-13


def test_float32_in_float32_out():
    layer, x, h_0, dh = case(7, 3, 4, 5, np.float32)
    h, tape = layer.forward(x, h_0)
    grads, dx, dh_0 = layer.backward(tape, dh)
    assert {a.dtype for a in (h, *vars(grads).values(), dx, dh_0)} == {np.dtype(np.float32)}


def test_wrong_shapes_are_named():
    layer, x, h_0, dh = case(7, 3, 4, 5)
    with pytest.raises(ValueError, match="x must be"):
        layer.forward(x[..., 1:], h_0)
    with pytest.raises(ValueError, match="h_0 must be"):
        layer.forward(x, h_0[1:])
    with pytest.raises(ValueError, match="ds must be"):
        layer.backward(layer.forward(x, h_0)[1], dh[1:])
