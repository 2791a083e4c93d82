"""The equations of book/recurrence-returns/choosing-bake-off.md, by independent routes."""

import numpy as np
import pytest
import torch
from contestants import DILATIONS, LAYERS, TAPS, WIDTH

from unrolled.bakeoff import blocks
from unrolled.bakeoff.models import MODELS


@pytest.mark.equation("eq-choosing-parameters", tolerance=1e-12)
def test_parameters(check, rng):
    """Left: as printed; right: the arrays counted."""
    D, H = rng.permutation(np.arange(6, 16))[:2]  # never equal, nor one of the sizes below
    F, layers, d, L = TAPS, len(DILATIONS), WIDTH, LAYERS
    left = np.array(
        [
            2 * (D + 1) * H + 2 * (H + 1) * H,
            (F * D + 1) * H + (layers - 1) * (F * H + 1) * H,
            (D + 1) * d + 2 * d + L * (4 * d**2 + 2 * d * H + 9 * d + H),
        ]
    )
    arrays = [
        MODELS[model].init(D, H, torch.Generator()).values()
        for model in ("minGRU", "convolution", "Transformer")
    ]
    right = np.array([sum(a.numel() for a in each) for each in arrays])
    check(
        left,
        right,
        planted={
            "one layer of minGRU": left - [2 * (H + 1) * H, 0, 0],
            "a bias for each tap": left + np.array([0, layers * (F - 1) * H, 0]),
            "no biases in the Transformer": left - [0, 0, d + L * (5 * d + H)],
        },
    )


@pytest.mark.equation("eq-choosing-lru", tolerance=1e-12)
def test_parameters_of_the_newer(check, rng):
    """Left: as printed; right: the arrays counted."""
    D, H = rng.permutation(np.arange(6, 16))[:2]  # never equal, nor one of the sizes below
    d, L, F, S = WIDTH, LAYERS, blocks.TAPS, blocks.STATES
    A, K = blocks.HEADS, blocks.KEY
    left = np.array(
        [
            (D + 1) * d + L * (4 * d * H + 3 * H + 2 * d**2 + 3 * d),
            (D + 1) * d + L * H * (3 * d + F + 3 * S + 5),
            (D + 1) * d + L * A * ((2 * K + H) * (d + F + 1) + 2 * d * H + 2 * d + 2),
        ]
    )
    arrays = [
        MODELS[name].init(D, H, torch.Generator()).values()
        for name in ("LRU", "Mamba", "gated delta")
    ]
    right = np.array([sum(a.numel() for a in each) for each in arrays])
    check(
        left,
        right,
        planted={
            "real states": left - [L * (2 * d * H + H), 0, 0],
            "no layer with a gate": left - [L * (2 * d**2 + 2 * d), 0, 0],
            "one number of state": left - [0, 3 * L * H * (S - 1), 0],
            "no queries": left - [0, 0, L * A * K * (d + F + 1)],
        },
    )
