"""The equations of book/sequences/recurrence.md, each against a second route to its numbers."""

import math

import numpy as np
import pytest
import torch

from unrolled.layers.rnn import RNN

T, N, D, H, V = 6, 4, 3, 5, 2


def layer(rng):
    """A torch layer with random weights in float64."""
    net = torch.nn.RNN(D, H, dtype=torch.float64).requires_grad_(False)
    for parameter in net.parameters():
        parameter[:] = torch.tensor(rng.normal(size=parameter.shape))
    return net


def ours(net):
    """The torch layer's weights in this book's shapes."""
    weights = net.weight_ih_l0.T, net.weight_hh_l0.T, net.bias_ih_l0 + net.bias_hh_l0
    return [weight.numpy() for weight in weights]


def run(net, x, h_0):
    """States (T, N, H) of a torch layer."""
    return net(torch.tensor(x), torch.tensor(h_0)[None])[0].numpy()


@pytest.mark.equation("eq-recurrence-unrolled", tolerance=1e-12)
def test_unrolled(check, rng):
    """Left side by torch's cell in a loop, right side the nested calls as printed."""
    cell = torch.nn.RNNCell(D, H, dtype=torch.float64).requires_grad_(False)
    x, s_0 = torch.tensor(rng.normal(size=(3, N, D))), torch.tensor(rng.normal(size=(N, H)))
    loop = s_0
    for x_t in x:
        loop = cell(x_t, loop)

    def f(s, x_t):
        state = s @ cell.weight_hh.T + cell.bias_hh
        return torch.tanh(x_t @ cell.weight_ih.T + cell.bias_ih + state)

    nested = f(f(f(s_0, x[0]), x[1]), x[2])
    planted = {
        "last input first": f(f(f(s_0, x[2]), x[1]), x[0]),
        "only the last input": f(s_0, x[2]),
        "one step short": f(f(s_0, x[0]), x[1]),
    }
    check(loop, nested, planted=planted)


@pytest.mark.equation("eq-recurrence-elman", tolerance=1e-12)
def test_elman(check, rng):
    """Left side by torch's layer, right side as printed, step by step."""
    net = layer(rng)
    W_xh, W_hh, b_h = ours(net)
    x, h_0 = rng.normal(size=(T, N, D)), rng.normal(size=(N, H))

    def states(W_hh, b_h, feed_back=True):
        h = [h_0]
        for x_t in x:
            h.append(np.tanh(x_t @ W_xh + h[-1 if feed_back else 0] @ W_hh + b_h))
        return np.array(h[1:])

    planted = {
        "W_hh of the column form": states(W_hh.T, b_h),
        "no bias": states(W_hh, 0),
        "always from h_0": states(W_hh, b_h, feed_back=False),
    }
    check(run(net, x, h_0), states(W_hh, b_h), planted=planted)


@pytest.mark.equation("eq-recurrence-output", tolerance=1e-12)
def test_output(check, rng):
    """Left side by torch's linear layer and log-softmax, right side as printed."""
    h, W_hy, b_y = rng.normal(size=(N, H)), rng.normal(size=(H, V)), rng.normal(size=V)
    linear = torch.nn.functional.linear(torch.tensor(h), torch.tensor(W_hy.T), torch.tensor(b_y))
    u = h @ W_hy + b_y

    def softmax(u, axis=1):
        return np.exp(u) / np.exp(u).sum(axis=axis, keepdims=True)

    planted = {
        "softmax over the batch": (u, softmax(u, axis=0)),
        "no bias": (h @ W_hy, softmax(h @ W_hy)),
        "logits taken for probabilities": (u, u),
    }
    check((linear, linear.log_softmax(dim=1).exp()), (u, softmax(u)), planted=planted)


@pytest.mark.equation("eq-recurrence-torch", tolerance=1e-12)
def test_torch(check, rng):
    """Left side by torch's layer, right side by the package's with converted weights."""
    net = layer(rng)
    W_xh, W_hh, b_h = ours(net)
    x, h_0 = rng.normal(size=(T, N, D)), rng.normal(size=(N, H))

    def states(*weights):
        return RNN(*weights).forward(x, h_0)[0]

    planted = {
        "weight_hh_l0 not transposed": states(W_xh, W_hh.T, b_h),
        "one of the two biases": states(W_xh, W_hh, net.bias_ih_l0.numpy()),
        "mean of the biases": states(W_xh, W_hh, b_h / 2),
    }
    check(run(net, x, h_0), states(W_xh, W_hh, b_h), planted=planted)


@pytest.mark.equation("eq-recurrence-count", tolerance=1e-12)
def test_count(check, rng):
    """Left side by counting the entries of a layer's arrays and a linear layer's."""
    sizes = [rng.permutation(np.arange(2, 30))[:3] for _ in range(5)]
    left = []
    for D, H, V in sizes:
        net, linear = RNN.init(D, H, rng), torch.nn.Linear(int(H), int(V))
        parts = [*vars(net).values(), *linear.parameters()]
        left.append(sum(math.prod(part.shape) for part in parts))
    D, H, V = np.array(sizes).T
    planted = {
        "an m × n recurrent matrix": (D + D + 1) * H + (H + 1) * V,
        "torch's two biases": (D + H + 2) * H + (H + 1) * V,
        "once for each step": T * (D + H + 1) * H + (H + 1) * V,
        "no bias of the output": (D + H + 1) * H + H * V,
    }
    check(left, (D + H + 1) * H + (H + 1) * V, planted=planted)
