"""The equations of book/gates/deep-and-bidirectional-backward.md, each by two routes."""

import numpy as np
import pytest
import torch

T, N, D, H, V = 5, 3, 4, 6, 2


def weights(rng, D, H):
    """W_xh, W_hh, b_h of one plain layer."""
    return rng.normal(size=(D, H)) / 2, rng.normal(size=(H, H)) / 2, rng.normal(size=H)


def twin(layers, **options):
    """torch.nn.RNN with the weights of these layers (and directions), its second biases zero."""
    rnn = torch.nn.RNN(*layers[0][0].shape, dtype=torch.float64, **options)
    values = [v for a, b, c in layers for v in (a.T, b.T, c, 0 * c)]
    with torch.no_grad():
        for parameter, value in zip(rnn.parameters(), values, strict=True):
            parameter.copy_(torch.tensor(value))
    return rnn


def both_ways(rng, T=T):
    """x, weights and initial states of both directions, and torch's layer with them."""
    x, ways = rng.normal(size=(T, N, D)), [weights(rng, D, H) for _ in range(2)]
    starts = rng.normal(size=(2, N, H))
    return x, ways, starts, twin(ways, bidirectional=True)


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
