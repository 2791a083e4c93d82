"""The equations of attention-cost.md, each by an independent route."""

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode


@pytest.mark.equation("eq-attention-cost", tolerance=1e-12)
def test_cost(check, rng):
    """Left: multiplications counted by torch while it runs; right: the formulas."""
    T, S, H, D, A = (int(n) for n in rng.choice(np.arange(3, 30), size=5, replace=False))
    Q, K, M = torch.ones(T, H), torch.ones(S, H), torch.ones(S, D)
    W_q, W_k, w = torch.ones(H, A), torch.ones(H, A), torch.ones(A, 1)
    counted = []
    for score in (
        lambda: Q @ K.T,
        lambda: (torch.tanh((Q @ W_q)[:, None] + K @ W_k).reshape(T * S, A) @ w).reshape(T, S),
    ):
        with FlopCounterMode(display=False) as counter:
            score().softmax(dim=-1) @ M
        counted.append(counter.get_total_flops() / 2)  # a product and a sum count as two
    dot, additive = T * S * (H + D), (T + S) * H * A + T * S * (A + D)
    planted = {
        "without the mean": np.array([T * S * H, (T + S) * H * A + T * S * A]),
        "keys made anew for each pair": np.array([dot, T * S * (2 * H * A + A + D)]),
        "a sum of lengths": np.array([(T + S) * (H + D), additive]),
    }
    check(np.array(counted), np.array([dot, additive]), planted=planted)
