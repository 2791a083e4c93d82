"""What sentences of the page on one-dimensional convolutions say."""

import time

import numpy as np
import pytest
import torch
from torch import nn

from unrolled.datasets.sensors import ACTIVITIES, RATE, recordings
from unrolled.layers import Conv, relative_error
from unrolled.models import train


def seconds(run, repeats=5):
    """Processor time of one call: the least of some."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


@pytest.mark.slow  # not for its length: a measured time is no matter for a test of the code
def test_a_number_at_a_time(claim):
    """One output step of one sequence by loops, counted for all steps and sequences."""
    claim("Loops that take one number at a time need thousands of times as long as the blocks.")
    T, N, F, D, H = 256, 16, 5, 128, 128
    rng = np.random.default_rng(0)
    layer = Conv.init(D, H, F, rng, np.float32)
    x = rng.normal(size=(T, N, D)).astype(np.float32)
    found = np.zeros(H)

    def loops():
        for j in range(H):
            total = 0.0
            for k in range(F):
                for i in range(D):
                    total += x[k, 0, i] * layer.W[k, i, j]
            found[j] = total

    naive = seconds(loops, 2) * T * N
    assert relative_error(found, layer.forward(x, padding="causal")[0][F - 1, 0]) < 1e-4
    assert naive > 2000 * seconds(lambda: layer.forward(x, padding="causal"))


def test_a_fall_in_about_eleven_readings(claim):
    """Steps per second are uniform between two bounds, at 20 readings per second."""
    claim("A sudden fall is one event in about eleven readings.")
    _, _, (slow, fast), shape = ACTIVITIES["upstairs"]
    assert shape == "rise"  # slowly up, and down at once
    rates = np.random.default_rng(0).uniform(slow, fast, size=10_000)
    assert 10.5 < RATE / rates.mean() < 11.5


def batches(seed, N=64):
    rng = np.random.default_rng(seed)
    while True:
        x, y = recordings(80, N, rng)
        yield torch.from_numpy(x.transpose(1, 2, 0).copy()), torch.from_numpy(y)


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
