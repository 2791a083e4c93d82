"""Sizes, torch's layer and the places of the taps, for the checks of the pages on convolutions."""

import numpy as np
import torch

from unrolled.layers.conv import Conv

N, D, H, F = 2, 4, 5, 3
SETTINGS = [(12, 1, 0, 1), (11, 2, 3, 1), (13, 3, 2, 2), (10, 2, 4, 3)]  # T, S, P, d


def conv1d(x, W, b, S=1, P=0, d=1):
    """torch's layer on arrays (T, N, D), (F, D, H), (H,) -> (T', N, H); tensors stay tensors."""
    x, W, b = (torch.as_tensor(a) for a in (x, W, b))
    y = torch.nn.functional.conv1d(
        x.permute(1, 2, 0), W.permute(2, 1, 0), b, stride=S, padding=P, dilation=d
    )
    return y.permute(2, 0, 1)


def draw(rng, T):
    return rng.normal(size=(T, N, D)), rng.normal(size=(F, D, H)), rng.normal(size=H)


def at(x, s):
    """x_s for s = 1…T, and zero outside."""
    return x[s - 1] if 1 <= s <= len(x) else np.zeros_like(x[0])


def step(t, k, S, P, d):
    """s(t, k), counted from 1."""
    return (t - 1) * S + 1 + k * d - P


def windows(T, S, P, d):
    """T' by putting windows down one after the other."""
    return sum(s + (F - 1) * d <= T + P for s in range(1 - P, T + P + 1, S))


def seen(layers):
    """Steps between the first and the last that the first output depends on, both counted."""
    x = np.eye(200)[:, :, None]  # sequence n has an impulse at step n
    for F_, S, d in layers:
        x, _ = Conv(np.ones((F_, 1, 1)), np.zeros(1)).forward(x, S, 0, d)
    reached = np.flatnonzero(x[0, :, 0])
    return reached[-1] - reached[0] + 1
