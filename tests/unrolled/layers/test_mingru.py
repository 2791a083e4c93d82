"""The minGRU with every scan, and against the published form (the rest: test_layer_contract)."""

import numpy as np
import pytest
import torch

from unrolled.layers import scan
from unrolled.layers.gradients import check_layer, relative_error
from unrolled.layers.mingru import MinGRU

SIZES = [(7, 3, 4, 5), (1, 3, 4, 5), (33, 1, 4, 5), (12, 3, 5, 1)]  # T, N, D, H


def case(T, N, D, H):
    rng = np.random.default_rng(0)
    layer = MinGRU.init(D, H, rng)
    layer.b_h += rng.normal(size=2 * H)
    return layer, *(rng.normal(size=s) for s in ((T, N, D), (N, H), (T, N, H)))


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
    ours, _, tape = layer.forward(x, h_0)
    grads, dx, dh_0 = layer.backward(tape, dh)
    pairs = [(ours, torch.stack(states).detach()), (grads.W_xh, W.grad), (grads.b_h, b.grad)]
    for left, right in [*pairs, (dx, x_t.grad), (dh_0, start.grad)]:
        assert relative_error(left, right.numpy()) < 1e-13


def test_init_keeps_the_size_of_the_inputs():
    layer = MinGRU.init(300, 50, np.random.default_rng(0), np.float32)
    assert layer.W_xh.shape == (300, 100) and layer.W_xh.dtype == layer.b_h.dtype == np.float32
    assert layer.W_xh.std() == pytest.approx(300**-0.5, rel=0.03)
    assert abs(layer.W_xh.mean()) < 0.002 and not layer.b_h.any()
