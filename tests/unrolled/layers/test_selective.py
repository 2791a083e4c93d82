"""S6 and the RG-LRU against torch, and with gates at ±80 (the rest: test_layer_contract)."""

import numpy as np
import pytest
import torch
from torch.nn.functional import softplus

from unrolled.layers import RGLRU, S6, scan
from unrolled.layers.gradients import relative_error
from unrolled.layers.selective import softplus as ours

T, N, D, H, S = 13, 3, 4, 5, 6  # 13: no size of a block divides it


def case(kind, **sizes):
    rng = np.random.default_rng(0)
    layer = kind.init(D, H, rng, **sizes)
    for a in vars(layer).values():
        a += 0.3 * rng.normal(size=a.shape)
    state = rng.normal(size=layer.zeros(N).shape)
    return layer, rng.normal(size=(T, N, D)), state, rng.normal(size=(T, N, H))


def s6(x, h, W, b, A_log, skip):
    """The published recurrence, step by step."""
    outputs = []
    for row in x.unbind(0):
        u, a, B, C = (row @ W + b).split([H, H, S, S], dim=1)
        Delta = softplus(a)[..., None]
        h = torch.exp(-Delta * A_log.exp()) * h + Delta * u[..., None] * B[:, None]
        outputs.append((h * C[:, None]).sum(2) + skip * u)
    return torch.stack(outputs), h


def rglru(x, h, W, b, Lambda):
    """De et al. (2024), section 2.4."""
    outputs = []
    for row in x.unbind(0):
        u, r, i = (row @ W + b).chunk(3, dim=1)
        keep = torch.sigmoid(Lambda) ** (8 * torch.sigmoid(r))
        h = keep * h + torch.sqrt(1 - keep**2) * torch.sigmoid(i) * u
        outputs.append(h)
    return torch.stack(outputs), h


@pytest.mark.parametrize(("kind", "published"), [(S6, s6), (RGLRU, rglru)])
@pytest.mark.parametrize("fill", [scan.sequential, scan.two_level, scan.tree])
def test_is_the_published_layer(kind, published, fill):
    """States, outputs and every gradient, in float64."""
    layer, x, h_0, dy = case(kind, **({"S": S} if kind is S6 else {}))
    given = [torch.tensor(a, requires_grad=True) for a in (x, h_0, *vars(layer).values())]
    y, last = published(*given)
    (y * torch.tensor(dy)).sum().backward()
    out, ours_last, tape = layer.forward(x, h_0, fill)
    grads, dx, dh_0 = layer.backward(tape, dy)
    pairs = [(out, y.detach()), (ours_last, last.detach())]
    pairs += zip((dx, dh_0, *vars(grads).values()), (a.grad for a in given), strict=True)
    for left, right in pairs:
        assert relative_error(left, right.numpy()) < 1e-12


@pytest.mark.parametrize("kind", [S6, RGLRU])
@pytest.mark.parametrize("dtype", [float, np.float32])
def test_gates_at_eighty(kind, dtype):
    """Wide open or shut, nothing is inf or nan, forward or backward, and states stay in range."""
    layer = kind.init(D, H, np.random.default_rng(0), dtype)
    layer.W_xh *= 0
    for sign_1 in (-80, 80):
        for sign_2 in (-80, 80):
            layer.b_h[:H], layer.b_h[H : 2 * H], layer.b_h[2 * H :] = 1, sign_1, sign_2
            x = np.ones((T, N, D), dtype)
            out, last, tape = layer.forward(x, layer.zeros(N))
            grads, dx, dstate = layer.backward(tape, np.ones_like(out))
            for a in (out, last, dx, dstate, *vars(grads).values()):
                assert np.isfinite(a).all() and a.dtype == dtype
            if kind is RGLRU and sign_1 == -80:  # nothing is written where nothing fades
                assert abs(last).max() < 1e-6


def test_a_shut_gate_leaves_the_state():
    layer, x, state, _ = case(S6)
    layer.W_xh[:, H : 2 * H], layer.b_h[H : 2 * H] = 0, -80
    _, last, _ = layer.forward(x, state := state[..., :4])
    assert relative_error(last, state) < 1e-12


def test_softplus():
    a = np.array([-800.0, -1, 0, 1, 800])
    expected = [0, np.log1p(np.exp(-1)), np.log(2), np.log1p(np.e), 800]
    assert np.allclose(ours(a), expected, rtol=1e-15)


def test_init_starts_with_steps_of_many_sizes():
    layer = S6.init(30, 4000, np.random.default_rng(0), S=3)
    Delta = ours(layer.b_h[4000:8000])
    assert Delta.min() >= 0.001 and Delta.max() <= 0.1
    assert np.median(Delta) == pytest.approx(0.01, rel=0.1)
    assert np.array_equal(np.exp(layer.A_log[0]).round(12), [1, 2, 3])
    assert layer.W_xh.std() == pytest.approx(30**-0.5, rel=0.03) and (layer.skip == 1).all()
    assert not layer.b_h[:4000].any() and not layer.b_h[8000:].any()


def test_init_of_the_rglru_keeps_what_is_said():
    layer = RGLRU.init(30, 4000, np.random.default_rng(0))
    kept = (1 / (1 + np.exp(-layer.Lambda))) ** 8
    assert 0.9 <= kept.min() < 0.901 and 0.998 < kept.max() <= 0.999
    assert layer.W_xh.std() == pytest.approx(30**-0.5, rel=0.03) and not layer.b_h.any()
