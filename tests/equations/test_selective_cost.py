"""The equations of book/recurrence-returns/selective-cost.md, by counting."""

import numpy as np
import pytest
import torch

from unrolled.models.mamba import Mamba


def counted(value):
    return np.asarray(value, float)


@pytest.mark.equation("eq-selective-kept", tolerance=1e-12)
def test_kept(check, rng):
    """Left: sizes of the arrays that are kept; right: as printed."""
    D, S, T = (int(n) for n in rng.integers(3, 9, 3))
    H = 2 * D + 1
    block = Mamba(D, H, S)
    taps = block.conv.kernel_size[0]
    cache = [np.zeros((T, D)), np.zeros((T, D))]
    left = block.A_log.numel() + (taps - 1) * H, sum(a.size for a in cache)
    planted = {
        "four inputs of the convolution": (H * (S + 4), 2 * D * T),
        "no convolution": (H * S, 2 * D * T),
        "keys only": (H * (S + 3), D * T),
        "every pair of steps": (H * (S + 3), 2 * D * T * T),
    }
    planted = {name: counted(value) for name, value in planted.items()}
    check(counted(left), counted((H * (S + 3), 2 * D * T)), planted=planted)


@pytest.mark.equation("eq-selective-step", tolerance=1e-12)
def test_step(check, rng):
    """Left: products counted from the shapes of weights and arrays; right: as printed."""
    D, S, T = (int(n) for n in rng.integers(3, 9, 3))
    H = 2 * D
    block = Mamba(D, H, S)
    attention = torch.nn.MultiheadAttention(D, 1, bias=False)
    state = H * S
    mamba = block.into.weight.numel() + block.out.weight.numel() + 4 * state
    weights = attention.in_proj_weight.numel() + attention.out_proj.weight.numel()
    keys, values = np.zeros((T, D)), np.zeros((T, D))
    left = mamba, weights + keys.size + values.size
    right = 6 * D * D + 4 * H * S, 4 * D * D + 2 * D * T
    planted = {
        "the gate's half forgotten": (4 * D * D + 4 * H * S, right[1]),
        "the state once": (6 * D * D + H * S, right[1]),
        "no output matrix": (right[0], 3 * D * D + 2 * D * T),
        "keys only": (right[0], 4 * D * D + D * T),
    }
    planted = {name: counted(value) for name, value in planted.items()}
    check(counted(left), counted(right), planted=planted)
