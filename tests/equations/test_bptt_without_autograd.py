"""The equations of book/training/bptt-without-autograd.md, each against an independent route."""

import numpy as np
import pytest
import torch


@pytest.mark.equation("eq-bptt-share", tolerance=1e-12)
def test_share(check, draw_network):
    """Left: one; right: all shares, G from autograd, the parts with a copy of W_hh for each use."""
    net = draw_network()
    T = len(net.x)
    copies = torch.tensor(np.stack([net.W_hh] * T), requires_grad=True)  # (T, H, H)
    losses = net.losses(net.run(W_hh=copies)[2])
    parts = [
        torch.autograd.grad(loss, copies, retain_graph=True)[0].numpy()[: t + 1]
        for t, loss in enumerate(losses)
    ]  # parts[t][k] is what loss t contributes through use k
    (G,) = net.autograd("W_hh")
    shares = [np.sum(part * G, axis=(1, 2)) / np.sum(G * G) for part in parts]
    norms = [np.linalg.norm(part, axis=(1, 2)) / np.linalg.norm(G) for part in parts]
    planted = {
        "norms for projections": sum(row.sum() for row in norms),
        "diagonal only": sum(row[-1] for row in shares),
        "last loss only": shares[-1].sum(),
        "norm for its square": sum(row.sum() for row in shares) * np.linalg.norm(G),
    }
    check(1.0, sum(row.sum() for row in shares), planted=planted)


@pytest.mark.equation("eq-bptt-update", tolerance=1e-3)
def test_update(check, draw_network):
    """Left: change of the loss by the update, over η, and the power of η with which the rest
    shrinks, from two step sizes; right: minus the squared norm, and 2."""
    net = draw_network()
    names = ["W_xh", "W_hh", "b_h", "W_hy", "b_y"]
    g = dict(zip(names, net.autograd(*names), strict=True))
    squared = sum(np.sum(value**2) for value in g.values())

    def change(eta, sign=-1):
        moved = {name: getattr(net, name) + sign * eta * g[name] for name in names}
        return (net.loss(**moved) - net.loss()).item()

    def power(slope, eta=1e-6):
        """p in change = slope η + O(η^p)."""
        rest = [abs(change(step) - slope * step) for step in (eta, eta / 2)]
        return np.log2(rest[0] / rest[1])

    near = change(1e-8) / 1e-8
    wrong = {
        "uphill (deck D4's plus sign)": squared,
        "norm, not its square": -np.sqrt(squared),
        "half the square": -squared / 2,
        "W_hh's gradient alone (deck D4)": -np.sum(g["W_hh"] ** 2),
    }
    planted = {name: (slope, 2.0) for name, slope in wrong.items()}
    planted["O(η³)"] = (-squared, 3.0)
    assert np.isclose(near, -squared, rtol=1e-3)
    check((near, power(-squared)), (-squared, 2.0), planted=planted)
