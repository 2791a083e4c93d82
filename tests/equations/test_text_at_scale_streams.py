"""The equations of book/practice/text-at-scale-streams.md: documents alone, and by counting."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from unrolled.datasets import text

T, N, D, H = 9, 3, 4, 5


@pytest.mark.equation("eq-scale-reset", tolerance=1e-10)
def test_reset(check, rng):
    """Left: each document read alone; right: all in one stream, as printed."""
    torch.manual_seed(int(rng.integers(2**31)))
    cell, x = nn.GRUCell(D, H).double(), torch.tensor(rng.normal(size=(T, N, D)))
    r = torch.zeros(T, N, dtype=torch.float64)
    r[0], r[4, 1], r[6, 2], r[3, 2] = 1, 1, 1, 1

    def stream(r=r, after=False, keep=0.0):
        h, every = torch.zeros(N, H, dtype=torch.float64), []
        for t in range(T):
            factor = 1 - (1 - keep) * r[t][:, None]
            h = cell(x[t], h) * factor if after else cell(x[t], factor * h)
            every.append(h)
        return torch.stack(every).detach()

    alone = torch.zeros(T, N, H, dtype=torch.float64)
    for n in range(N):
        starts = [*np.flatnonzero(r[:, n].numpy()), T]
        for start, end in pairwise(starts):
            h = torch.zeros(1, H, dtype=torch.float64)
            for t in range(start, end):
                h = cell(x[t, n : n + 1], h)
                alone[t, n] = h[0].detach()
    planted = {
        "no reset": stream(torch.zeros_like(r)),
        "all rows": stream(r.amax(1, keepdim=True).expand_as(r)),
        "a step too late": stream(torch.cat([r[:1], r[:-1]])),
        "the new state wiped": stream(after=True),
        "half of it kept": stream(keep=0.5),
    }
    check(alone, stream(), planted=planted)


@pytest.mark.equation("eq-scale-left", tolerance=1e-12)
def test_left(check, rng):
    """Left: segments that the package gives; right: as printed, for many sizes."""
    sizes = [
        (int(L), int(N), int(T))
        for L, N, T in zip(
            rng.integers(200, 400, 40), rng.integers(2, 9, 40), rng.integers(3, 12, 40), strict=True
        )
    ] + [(64, 8, 7), (72, 8, 8), (73, 8, 8)]
    found = [sum(1 for _ in text.segments(text.streams(np.arange(L), N), T)) for L, N, T in sizes]
    printed = np.array([(L // N - 1) // T for L, N, T in sizes], float)
    planted = {
        "no step for the last target": np.array([L // N // T for L, N, T in sizes], float),
        "not rounded": np.array([(L / N - 1) / T for L, N, T in sizes]),
        "T + 1 steps each": np.array([L // N // (T + 1) for L, N, T in sizes], float),
        "all in one column": np.array([(L - 1) // T for L, N, T in sizes], float),
    }
    check(np.array(found, float), printed, planted=planted)
    assert all(L - N * m * T <= N * (T + 1) - 1 for (L, N, T), m in zip(sizes, found, strict=True))
