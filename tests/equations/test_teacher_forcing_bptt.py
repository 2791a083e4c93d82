"""The equations of book/sequence-to-sequence/teacher-forcing-bptt.md, by independent routes."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

T, N, D, H, V = 5, 2, 3, 6, 4


def softmax(u):
    e = np.exp(u - u.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class Net:
    """The plain cell with its output fed back, all weights float64."""

    def __init__(self, rng, recurrent=True):
        shapes = {"xh": (D, H), "hh": (H, H), "fh": (V, H), "bh": (H,), "hy": (H, V), "by": (V,)}
        self.W = {name: torch.tensor(rng.normal(size=s)) / 2 for name, s in shapes.items()}
        if not recurrent:
            self.W["hh"] = torch.zeros(H, H, dtype=torch.float64)
        self.x = torch.tensor(rng.normal(size=(T, N, D)))
        self.y = torch.tensor(rng.integers(V, size=(T, N)))
        self.f = torch.eye(V, dtype=torch.float64)[self.y]

    def step(self, x, h, f):
        W = self.W
        return torch.tanh(x @ W["xh"] + h @ W["hh"] + f @ W["fh"] + W["bh"])

    def output(self, h):
        return h @ self.W["hy"] + self.W["by"]


@pytest.mark.equation("eq-forcing-network", tolerance=1e-12)
def test_network(check, rng):
    """Left: torch's cell, which reads x and f side by side, and torch's softmax; right: printed."""
    net = Net(rng)
    x, h, f = net.x[0], torch.tensor(rng.normal(size=(N, H))), net.f[0]
    W = net.W
    cell = torch.nn.RNNCell(D + V, H, dtype=torch.float64)
    with torch.no_grad():
        cell.weight_ih.copy_(torch.cat([W["xh"], W["fh"]]).T)
        cell.weight_hh.copy_(W["hh"].T)
        cell.bias_ih.copy_(W["bh"])
        cell.bias_hh.zero_()
        new = cell(torch.cat([x, f], dim=1), h)
        left = (new, torch.nn.functional.linear(new, W["hy"].T, W["by"]).softmax(dim=-1))
    x, h, f = x.numpy(), h.numpy(), f.numpy()
    W = {name: value.numpy() for name, value in W.items()}

    def printed(hh=W["hh"], f=f):
        new = np.tanh(x @ W["xh"] + h @ hh + f @ W["fh"] + W["bh"])
        return new, softmax(new @ W["hy"] + W["by"])

    planted = {
        "W_hh transposed": printed(hh=W["hh"].T),
        "no token fed back": printed(f=0 * f),
        "the token one row late": printed(f=np.roll(f, 1, axis=1)),
    }
    check(left, printed(), planted=planted)


@pytest.mark.equation("eq-forcing-jacobian", tolerance=1e-10)
def test_jacobian(check, rng):
    """Left: autograd through cell, softmax and feedback, one sequence; right: as printed."""
    net = Net(rng)
    h = torch.tensor(rng.normal(size=H))

    def step(h):
        return net.step(net.x[1, 0], h, net.output(h).softmax(dim=-1))

    left = torch.autograd.functional.jacobian(step, h)
    W = {name: value.numpy() for name, value in net.W.items()}
    slope = np.diag(1 - step(h).numpy() ** 2)
    y_hat = softmax(h.numpy() @ W["hy"] + W["by"])
    Sigma = np.diag(y_hat) - np.outer(y_hat, y_hat)
    right = slope @ (W["hh"].T + W["fh"].T @ Sigma @ W["hy"].T)
    planted = {
        "no hidden recurrence (deck D2)": slope @ (W["fh"].T @ Sigma @ W["hy"].T),
        "teacher forcing": slope @ W["hh"].T,
        "softmax's own diagonal only": slope @ (W["hh"].T + W["fh"].T * y_hat @ W["hy"].T),
        "zero, as if forcing cut all (deck D2)": 0 * right,
    }
    check(left, right, planted=planted)


@pytest.mark.equation("eq-forcing-separate", tolerance=1e-12)
def test_separate(check, rng):
    """Left: autograd through the whole forced network; right: one-step terms, derived by hand.

    For W_fh as printed, and for W_xh with x_t in the place of f_{t-1}, as the text says.
    """

    def through_time(net):
        leaves = [net.W[name].clone().requires_grad_() for name in ("fh", "xh")]
        net.W["fh"], net.W["xh"] = leaves
        h, f, L = torch.zeros(N, H, dtype=torch.float64), torch.zeros_like(net.f[0]), 0
        for t in range(T):
            h = net.step(net.x[t], h, f)
            L = L + cross_entropy(net.output(h), net.y[t], reduction="sum")
            f = net.f[t]
        grads = torch.autograd.grad(L, leaves)
        net.W["fh"], net.W["xh"] = (leaf.detach() for leaf in leaves)
        return tuple(g.numpy() for g in grads)

    def separate(net, slope=True, late=0, sign=1, steps=T):
        W = {name: value.numpy() for name, value in net.W.items()}
        x = net.x.numpy()
        f = np.concatenate([np.zeros((1, N, V)), net.f.numpy()])  # f[t] is f_t, f_0 = 0
        by_f, by_x, h = 0, 0, np.zeros((N, H))
        for t in range(1, steps + 1):
            h = np.tanh(x[t - 1] @ W["xh"] + h @ W["hh"] + f[t - 1] @ W["fh"] + W["bh"])
            dh = (softmax(h @ W["hy"] + W["by"]) - net.f[t - 1].numpy()) @ W["hy"].T
            Delta = sign * dh * (1 - h**2) if slope else dh
            by_f = by_f + f[t - 1 + late].T @ Delta
            by_x = by_x + x[t - 1 - late].T @ Delta
        return by_f, by_x

    jordan = Net(rng, recurrent=False)
    elman = Net(rng)
    with_memory, alone = through_time(elman), separate(elman)
    for a, b in zip(with_memory, alone, strict=True):
        assert np.abs(a - b).max() > 0.05 * np.abs(a).max()  # BPTT needed
    planted = {
        "slope forgotten": separate(jordan, slope=False),
        "the target of this step": separate(jordan, late=1),
        "the sign": separate(jordan, sign=-1),
        "the last step forgotten": separate(jordan, steps=T - 1),
    }
    check(through_time(jordan), separate(jordan), planted=planted)
