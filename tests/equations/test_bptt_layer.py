"""The equations of book/training/bptt-layer.md, each against an independent route."""

import numpy as np
import pytest


@pytest.mark.equation("eq-bptt-stacked", tolerance=1e-12)
def test_stacked(check, draw_network):
    """Left: a_t and both gradients by autograd with separate weights; right: stacked."""
    net = draw_network()
    h, _, _ = net.values()
    Delta, D = net.autograd_delta(), net.x.shape[-1]
    left = (np.array([a.numpy() for a in net.run()[1]]), *net.autograd("W_xh", "W_hh"))

    def stacked(first, second, weights=(net.W_xh, net.W_hh), bias=net.b_h):
        both = np.concatenate([first, second], axis=-1)  # (T, N, D + H)
        dW = sum(s.T @ d for s, d in zip(both, Delta, strict=True))
        return both @ np.concatenate(weights) + bias, dW[:D], dW[D:]

    planted = {
        "h above x": stacked(h[:-1], net.x),
        "h_t for h_{t-1}": stacked(net.x, h[1:]),
        "weights in the other order": stacked(net.x, h[:-1], weights=(net.W_hh, net.W_xh)),
        "bias forgotten": stacked(net.x, h[:-1], bias=0),
    }
    check(left, stacked(net.x, h[:-1]), planted=planted)


@pytest.mark.equation("eq-bptt-grad-inputs", tolerance=1e-12)
def test_grad_inputs(check, draw_network):
    """Left: autograd for the inputs and the initial state; right: Δ times transposed weights."""
    net = draw_network()
    h, _, dh = net.values()
    Delta = net.autograd_delta()
    right = (Delta @ net.W_xh.T, Delta[0] @ net.W_hh.T)
    planted = {
        "no way back to h_0": (right[0], 0 * right[1]),
        "W_hh not transposed": (right[0], Delta[0] @ net.W_hh),
        "Δ of the last step at h_0": (right[0], Delta[-1] @ net.W_hh.T),
        "only each step's own loss": ((dh * (1 - h[1:] ** 2)) @ net.W_xh.T, right[1]),
        "Δ_{t+1} for Δ_t": (np.roll(Delta, -1, axis=0) @ net.W_xh.T, right[1]),
    }
    check(net.autograd("x", "h_0"), right, planted=planted)
