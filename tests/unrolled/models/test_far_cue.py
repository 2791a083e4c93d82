"""Networks side by side that name the first symbol: draws, runs, gradients, training."""

import numpy as np
import pytest
import torch

from unrolled.models import far_cue
from unrolled.models.far_cue import H, K


@pytest.fixture
def rng():
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("recurrent", ["default", "orthogonal", "identity"])
def test_draw(rng, recurrent):
    p = far_cue.draw(3, rng, recurrent, gain=2.0)
    W = p["W_hh"] / 2
    assert W.shape == (3, H, H) and p["W_xh"].shape == (3, K, H)
    if recurrent == "default":
        assert W.abs().max() <= H**-0.5 and W.abs().max() > 0.9 * H**-0.5
    else:
        torch.testing.assert_close(W @ W.mT, torch.eye(H).expand(3, H, H), atol=1e-5, rtol=0)
    assert not p["b_h"].any() and not p["b_y"].any()


def test_small_inputs(rng):
    assert far_cue.draw(40, rng, inputs=0.05)["W_xh"].std().item() == pytest.approx(0.05, rel=0.05)


def test_draw_refuses_unknown_weights(rng):
    with pytest.raises(ValueError, match="'orthonormal'"):
        far_cue.draw(1, rng, "orthonormal")


def test_plain_is_torchs_layer(rng):
    p, rnn = far_cue.draw(2, rng), torch.nn.RNN(K, H)
    x, _ = far_cue.batch(7, 5, np.random.default_rng(0))
    for s in range(2):
        with torch.no_grad():
            rnn.weight_ih_l0.copy_(p["W_xh"][s].T)
            rnn.weight_hh_l0.copy_(p["W_hh"][s].T)
            rnn.bias_ih_l0.zero_()
            rnn.bias_hh_l0.zero_()
            torch.testing.assert_close(far_cue.plain(p, x)[s], rnn(x)[0][-1])


def test_gated_by_the_formula(rng):
    p = far_cue.draw_gated(2, rng, open_by=1.5)
    assert (p["b_z"] == 1.5).all() and not torch.equal(p["W_xz"], p["W_xh"])
    x, _ = far_cue.batch(4, 5, np.random.default_rng(0))
    h = torch.zeros(2, 5, H)
    for x_t in x:
        z = torch.sigmoid(x_t @ p["W_xz"] + h @ p["W_hz"] + p["b_z"])
        h = z * h + (1 - z) * torch.tanh(x_t @ p["W_xh"] + h @ p["W_hh"] + p["b_h"])
    torch.testing.assert_close(far_cue.gated(p, x), h)


def test_gradients_are_each_networks_own(rng):
    p = {k: v.requires_grad_() for k, v in far_cue.draw(3, rng).items()}
    x, y = far_cue.batch(5, 6, np.random.default_rng(0))
    L, grads, norms = far_cue.gradients(far_cue.plain, p, x, y)
    alone = {k: v[1:2].detach().requires_grad_() for k, v in p.items()}
    L_1, grads_1, norms_1 = far_cue.gradients(far_cue.plain, alone, x, y)
    torch.testing.assert_close(L[1:2], L_1)
    torch.testing.assert_close(norms[1:2], norms_1)
    squares = sum((g**2).sum() for g in grads_1)
    torch.testing.assert_close(norms_1[0] ** 2, squares)
    torch.testing.assert_close(grads[0][1:2], grads_1[0])


def test_training_one_by_one_and_side_by_side(rng):
    p = far_cue.draw(2, rng, "orthogonal", inputs=0.05)
    rates = [3e-3, 0.0]
    together = far_cue.train(far_cue.plain, p, 4, rates, np.random.default_rng(0), steps=60)
    assert together[0] > 0.9 and together[1] < 0.6  # a rate of zero learns nothing
    first = {k: v[:1] for k, v in p.items()}
    alone = far_cue.train(far_cue.plain, first, 4, 3e-3, np.random.default_rng(0), steps=60)
    assert abs(alone[0] - together[0]) < 0.02
    assert not any(v.requires_grad for v in p.values())  # what was passed in has not changed


def test_share_at_the_cue():
    """A network that keeps its state passes everything back, apart from its slopes."""
    p = far_cue.draw(2, torch.Generator().manual_seed(0), "identity", inputs=1e-4)
    p["W_hh"] = p["W_hh"] * torch.tensor([1.0, 0.5])[:, None, None]
    shares = far_cue.share_at_the_cue(far_cue.plain, p, 6, np.random.default_rng(0))
    np.testing.assert_allclose(shares, [1, 0.5**5], rtol=1e-3)
