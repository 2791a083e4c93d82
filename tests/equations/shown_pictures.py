"""A recurrent layer that is shown a picture at some of its steps, for the pages on captions."""

import math

import numpy as np
import torch

T, N, D, F, H = 5, 3, 4, 6, 7


def parameters(rng):
    """x (T, N, D), v (N, F), W_xh, W_hh, W_ih, b_h, h_0, in float64."""
    sizes = [(T, N, D), (N, F), (D, H), (H, H), (F, H), (H,), (N, H)]
    x, v, W_xh, W_hh, W_ih, b_h, h_0 = (rng.normal(size=size) for size in sizes)
    return x, v, W_xh, W_hh / math.sqrt(H), W_ih / 2, b_h, np.tanh(h_0)


def run(x, v, W_xh, W_hh, W_ih, b_h, h_0, when):
    """States (T, N, H) by the formulas; `when` (T,) says at which steps v enters."""
    h, states = h_0, []
    for t in range(T):
        h = np.tanh(x[t] @ W_xh + h @ W_hh + when[t] * (v @ W_ih) + b_h)
        states.append(h)
    return np.stack(states)


def torch_layer(W_xh, W_hh, W_ih, b_h):
    """torch's own layer, reading [x_t, v]."""
    layer = torch.nn.RNN(D + F, H, dtype=torch.double)
    with torch.no_grad():
        layer.weight_ih_l0.copy_(torch.tensor(np.concatenate([W_xh, W_ih]).T))
        layer.weight_hh_l0.copy_(torch.tensor(W_hh.T))
        layer.bias_ih_l0.copy_(torch.tensor(b_h))
        layer.bias_hh_l0.zero_()
    return layer


ALWAYS, ONCE = np.ones(T), np.eye(T)[0]
