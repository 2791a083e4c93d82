"""Plain layers and their twins in torch, for the chapter on deep and bidirectional networks."""

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


def both_ways(rng):
    """x, weights and initial states of both directions, and torch's layer with them."""
    x, ways = rng.normal(size=(T, N, D)), [weights(rng, D, H) for _ in range(2)]
    starts = rng.normal(size=(2, N, H))
    return x, ways, starts, twin(ways, bidirectional=True)
