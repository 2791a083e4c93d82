"""What sentences of book/convolution/one-dimensional-uses.md say."""

import numpy as np
import pytest
import torch
from torch import nn

from unrolled.datasets.sensors import ACTIVITIES, RATE, recordings
from unrolled.models import train


def batches(seed, N=64):
    rng = np.random.default_rng(seed)
    while True:
        x, y = recordings(80, N, rng)
        yield torch.from_numpy(x.transpose(1, 2, 0).copy()), torch.from_numpy(y)


def test_a_fall_in_about_eleven_readings(claim):
    """Steps per second are uniform between two bounds, at 20 readings per second."""
    claim("A sudden fall is one event in about eleven readings.")
    _, _, (slow, fast), shape = ACTIVITIES["upstairs"]
    assert shape == "rise"  # slowly up, and down at once
    rates = np.random.default_rng(0).uniform(slow, fast, size=10_000)
    assert 10.5 < RATE / rates.mean() < 11.5


@pytest.mark.slow
def test_the_mean_needs_longer(claim):
    """The page's network with the mean over time: 500 steps, and 2,000."""
    claim("With four times as many steps the mean comes close.")
    x_new, y_new = next(batches(99, 600))
    right = {}
    for steps in (500, 2000):
        right[steps] = []
        for seed in range(2):
            torch.manual_seed(seed)
            pooling, readout = nn.AdaptiveAvgPool1d(1), nn.Linear(16, len(ACTIVITIES))
            model = nn.Sequential(nn.Conv1d(3, 16, 2), nn.ReLU(), pooling, nn.Flatten(), readout)
            train(model, batches(seed), steps=steps, learning_rate=2e-2, decay=0.5)
            with torch.no_grad():
                right[steps].append((model(x_new).argmax(1) == y_new).float().mean().item())
    assert max(right[500]) < min(right[2000]) and min(right[2000]) > 0.93
