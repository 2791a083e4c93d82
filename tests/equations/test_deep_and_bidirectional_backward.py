"""The equations of book/gates/deep-and-bidirectional-backward.md, each by two routes."""

import numpy as np
import pytest
import torch
from plain_layers import H, N, T, both_ways


@pytest.mark.equation("eq-deep-both", tolerance=1e-10)
def test_both(check, rng):
    """Left: the two recursions, summed at the inputs; right: autograd through torch's layer."""
    x, ways, starts, rnn = both_ways(rng)
    C, leaf = rng.normal(size=(T, N, 2 * H)), torch.tensor(x, requires_grad=True)
    states, _ = rnn(leaf, torch.tensor(starts))
    (right,) = torch.autograd.grad((torch.tensor(C) * states).sum(), leaf)
    h, to_x = states.detach().numpy(), []
    for way, columns, steps in (
        (0, slice(H), range(T, 0, -1)),
        (1, slice(H, None), range(1, T + 1)),
    ):
        W_xh, W_hh, _ = ways[way]
        for order in (steps, steps[::-1]):
            Delta, dx = np.zeros((N, H)), np.zeros_like(x)
            for t in order:
                own = C[t - 1][:, columns]
                Delta = (own + Delta @ W_hh.T) * (1 - h[t - 1][:, columns] ** 2)
                dx[t - 1] = Delta @ W_xh.T
            to_x.append(dx)
    onward, _, back, wrong = to_x
    planted = {
        "both recursions from T to 1 (deck D2: exactly as in a simple RNN)": onward + wrong,
        "one direction alone": onward,
        "averaged": (onward + back) / 2,
    }
    check(onward + back, right, planted=planted)
