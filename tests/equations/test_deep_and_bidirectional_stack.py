"""The equations of book/gates/deep-and-bidirectional-stack.md, each by two routes."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from plain_layers import D, H, N, T, weights


@pytest.mark.equation("eq-deep-count", tolerance=1e-12)
def test_count(check, rng):
    """Left: the sum as printed; right: entries of torch's parameters, one bias of its two."""
    D, *_ = sizes = rng.permutation(np.arange(2, 20))[:4].tolist()
    pairs = list(pairwise(sizes))
    entries = [
        parameter.numel()
        for pair in pairs
        for name, parameter in torch.nn.RNN(*pair).named_parameters()
        if "bias_hh" not in name
    ]
    left = sum((below + own + 1) * own for below, own in pairs)
    planted = {
        "every layer reads the inputs": sum((D + own + 1) * own for _, own in pairs),
        "torch's two biases": sum((below + own + 2) * own for below, own in pairs),
        "no recurrent weights": sum((below + 1) * own for below, own in pairs),
        "the top layer forgotten": sum((below + own + 1) * own for below, own in pairs[:-1]),
    }
    check(left, sum(entries), planted=planted)


@pytest.mark.equation("eq-deep-down", tolerance=1e-10)
def test_down(check, rng):
    """Left: δ of the lower of two layers by the recursion; right: by autograd."""
    low, high, C = weights(rng, D, H), weights(rng, H, 7), rng.normal(size=(T, N, 7))
    t_low, t_high = ([torch.tensor(v) for v in w] for w in (low, high))
    x = torch.tensor(rng.normal(size=(T, N, D)))
    h_1, h_2 = [torch.zeros(N, H).double().requires_grad_()], [torch.zeros(N, 7).double()]
    for x_t in x:
        h_1.append(torch.tanh(x_t @ t_low[0] + h_1[-1] @ t_low[1] + t_low[2]))
        h_2.append(torch.tanh(h_1[-1] @ t_high[0] + h_2[-1] @ t_high[1] + t_high[2]))
    loss = sum((torch.tensor(C[t]) * h_2[t + 1]).sum() for t in range(T))
    right = np.array([g.numpy() for g in torch.autograd.grad(loss, h_1[1:])])
    slope_1, slope_2 = ([1 - h.detach().numpy() ** 2 for h in hs] for hs in (h_1, h_2))

    def delta(shift=0, along=True, slope=True):
        """`shift`: the upper layer's Δ is taken that many steps later."""
        above, upper = [np.zeros((N, 7))] * (T + 3), np.zeros((N, 7))
        for t in range(T, 0, -1):
            upper = above[t] = (C[t - 1] + upper @ high[1].T) * slope_2[t]
        deltas, Delta = [], np.zeros((N, H))
        for t in range(T, 0, -1):
            d = above[t + shift] @ high[0].T + along * (Delta @ low[1].T)
            Delta = d * (slope_1[t] if slope else 1)
            deltas.append(d)
        return np.array(deltas[::-1])

    planted = {
        "Δ above of the next step": delta(shift=1),
        "nothing along": delta(along=False),
        "no slope": delta(slope=False),
    }
    check(delta(), right, planted=planted)
