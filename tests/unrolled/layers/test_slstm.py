"""The sLSTM against the published equations, and at its limits (the rest: test_layer_contract)."""

import numpy as np
import pytest
import torch

from unrolled.layers import SLSTM
from unrolled.layers.gradients import relative_error

T, N, D, H = 13, 3, 4, 5


def published(x, h, c, m, W_xh, W_hh, b):
    """Beck et al. (2024), section 2.2: with a stabiliser, the maximum, and the sum kept."""
    n, m = torch.ones_like(c), m.clone()  # a weight of 1, times e^m
    outputs = []
    for row in x.unbind(0):
        i, f, g, o = (row @ W_xh + h @ W_hh + b).chunk(4, dim=1)
        log_f = torch.nn.functional.logsigmoid(f)
        now = torch.maximum(log_f + m, i)
        old, new = torch.exp(log_f + m - now), torch.exp(i - now)
        c, n, m = old * c + new * torch.tanh(g), old * n + new, now
        h = torch.sigmoid(o) * c / n
        outputs.append(h)
    return torch.stack(outputs), c / n, m + torch.log(n)


@pytest.mark.parametrize("scale", [0.3, 3.0])
def test_is_the_published_layer(scale):
    """Outputs, the last state and every gradient, in float64."""
    rng = np.random.default_rng(0)
    layer = SLSTM.init(D, H, rng)
    layer.b_h += scale * rng.normal(size=4 * H)
    x, dh = scale * rng.normal(size=(T, N, D)), rng.normal(size=(T, N, H))
    state = tuple(rng.normal(size=(3, N, H)))
    given = [torch.tensor(a, requires_grad=True) for a in (x, *state, *vars(layer).values())]
    h, c_T, m_T = published(*given)
    (h * torch.tensor(dh)).sum().backward()
    out, last, tape = layer.forward(x, state)
    grads, dx, dstate = layer.backward(tape, dh)
    pairs = [(out, h), (last[1], c_T), (last[2], m_T)]
    pairs = [(left, right.detach().numpy()) for left, right in pairs]
    ours = (dx, *dstate, *vars(grads).values())
    pairs += [(left, a.grad.numpy()) for left, a in zip(ours, given, strict=True)]
    for left, right in pairs:
        assert relative_error(left, right) < 1e-11


@pytest.mark.parametrize("dtype", [float, np.float32])
@pytest.mark.parametrize("weight", [-80, 80, 800])
@pytest.mark.parametrize("keep", [-80, 80])
def test_gates_far_out(dtype, weight, keep):
    layer = SLSTM.init(D, H, np.random.default_rng(0), dtype)
    layer.W_xh *= 0
    layer.b_h[:H], layer.b_h[H : 2 * H], layer.b_h[2 * H :] = weight, keep, 1
    x = np.ones((T, N, D), dtype)
    h, last, tape = layer.forward(x, layer.zeros(N))
    grads, dx, dstate = layer.backward(tape, np.ones_like(h))
    for a in (h, *last, dx, *dstate, *vars(grads).values()):
        assert np.isfinite(a).all() and a.dtype == dtype
    if weight == -80 and keep == 80:  # nothing outweighs what was there before
        assert abs(last[1]).max() < 1e-30 and abs(last[2]).max() < 1e-30
    if weight == 800:  # and nothing is left of it here
        assert last[1] == pytest.approx(tape.g.mean(axis=0), abs=0.1)


def test_without_forgetting_it_is_the_weighted_average():
    """All weights at once, as softmax attention with one query would have it."""
    rng = np.random.default_rng(1)
    layer = SLSTM.init(D, H, rng)
    layer.W_hh *= 0
    layer.W_xh[:, H : 2 * H], layer.b_h[H : 2 * H] = 0, 50  # f = 1
    x = rng.normal(size=(T, N, D))
    _, (_, c, m), _ = layer.forward(x, layer.zeros(N))
    a = x @ layer.W_xh[:, :H] + layer.b_h[:H]
    g = np.tanh(x @ layer.W_xh[:, 2 * H : 3 * H])
    weights = np.exp(a)
    assert np.allclose(c, (weights * g).sum(0) / (1 + weights.sum(0)), atol=1e-12)
    assert np.allclose(m, np.log(1 + weights.sum(0)), atol=1e-12)


def test_init():
    layer = SLSTM.init(30, 400, np.random.default_rng(0))
    f = layer.b_h[400:800]
    assert f[0] == 3 and f[-1] == 6 and (np.diff(f) > 0).all()
    assert not layer.b_h[:400].any() and not layer.b_h[800:].any()
    assert layer.W_xh.std() == pytest.approx(30**-0.5, rel=0.03)
    for block in np.split(layer.W_hh, 4, axis=1):
        assert np.allclose(block @ block.T, np.eye(400), atol=1e-10)
