"""The linear recurrent unit with every scan, against torch, and at its start."""

import numpy as np
import pytest
import torch

from unrolled.layers import scan
from unrolled.layers.gradients import check_layer, relative_error
from unrolled.layers.lru import LRU, joined, parts

SIZES = [(7, 3, 4, 5), (1, 3, 4, 5), (33, 1, 4, 5), (12, 3, 5, 1)]  # T, N, D, H


def case(T, N, D, H):
    rng = np.random.default_rng(0)
    layer = LRU.init(D, H, rng)
    return layer, *(rng.normal(size=s) for s in ((T, N, D), (N, 2 * H), (T, N, 2 * H)))


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("fill", [scan.sequential, scan.two_level, scan.tree])
def test_gradients(sizes, fill):
    layer, x, h_0, _ = case(*sizes)
    errors = check_layer(layer, x, h_0, np.random.default_rng(1), fill=fill)
    assert set(errors) == {"nu", "phi", "log_gamma", "W_xh", "x", "h_0"}
    assert max(errors.values()) < 1e-7, errors


def test_is_the_published_layer():
    """Orvieto et al. (2023), section 3: complex numbers of torch, step by step, and autograd."""
    layer, x, h_0, dh = case(20, 3, 4, 5)
    leaves = [torch.tensor(a, requires_grad=True) for a in (*vars(layer).values(), x, h_0)]
    nu, phi, log_gamma, W, x_t, start = leaves
    B = torch.complex(*W.chunk(2, dim=1))
    z, lam = torch.complex(*start.chunk(2, dim=1)), torch.exp(torch.complex(-nu.exp(), phi.exp()))
    states = []
    for step in x_t:
        z = lam * z + log_gamma.exp() * (step.to(B.dtype) @ B)
        states.append(torch.cat([z.real, z.imag], dim=1))
    torch.stack(states).backward(torch.tensor(dh))
    h, _, tape = layer.forward(x, h_0)
    grads, dx, dh_0 = layer.backward(tape, dh)
    ours = [*vars(grads).values(), dx, dh_0]
    assert relative_error(h, torch.stack(states).detach().numpy()) < 1e-13
    for left, right in zip(ours, leaves, strict=True):
        assert relative_error(left, right.grad.numpy()) < 1e-12


def test_starts_on_its_ring_with_states_of_size_one():
    rng = np.random.default_rng(0)
    layer = LRU.init(1, 400, rng, ring=(0.5, 0.9), turn=1.0)
    radius, angle = abs(layer.eigenvalues), np.angle(layer.eigenvalues)
    assert 0.5 < radius.min() < 0.52 and 0.88 < radius.max() < 0.9
    assert np.mean(radius < np.sqrt((0.25 + 0.81) / 2)) == pytest.approx(0.5, abs=0.07)
    assert 0 < angle.min() < 0.02 and 0.98 < angle.max() < 1 + 1e-9
    h, _, _ = layer.forward(rng.normal(size=(3000, 1, 1)), layer.zeros(1))
    assert (h[100:] ** 2).mean() * 2 == pytest.approx(1, abs=0.1)


def test_stays_inside_the_circle_whatever_is_learnt():
    layer = LRU.init(2, 3, np.random.default_rng(0))
    layer.nu[:] = [-20.0, 0.0, 5.0]
    assert (abs(layer.eigenvalues) < 1).all()


@pytest.mark.parametrize("ring", [(0.9, 0.5), (0.0, 0.9), (0.5, 1.0), 0.9])
def test_a_ring_that_is_none_is_refused(ring):
    with pytest.raises(ValueError, match=r"ring|inner < outer"):
        LRU.init(2, 3, np.random.default_rng(0), ring=ring)


def test_parts_and_joined_undo_each_other():
    a = np.random.default_rng(0).normal(size=(2, 3, 8))
    np.testing.assert_array_equal(parts(joined(a)), a)
    assert joined(np.array([1.0, 2.0, 3.0, 4.0])).tolist() == [1 + 3j, 2 + 4j]
