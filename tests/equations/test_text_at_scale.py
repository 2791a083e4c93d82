"""The equations of book/practice/text-at-scale.md, by counting and by another route."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from unrolled.layers import LSTM, cross_entropy
from unrolled.practice import bpe


@pytest.mark.equation("eq-scale-join", tolerance=1e-12)
def test_join(check, rng):
    """Left: the tokens after a join, by the package; right: places counted one by one."""
    pieces = [bytes([b]) for b in rng.integers(97, 99, 200)]  # a and b, so that aaa occurs
    left, right, overlapping, one, every = [], [], [], [], []
    for a, b in ((b"a", b"b"), (b"a", b"a"), (b"b", b"b")):
        left.append(len(bpe.join(pieces, (a, b))))
        places, t = 0, 0
        while t + 1 < len(pieces):
            found = (pieces[t], pieces[t + 1]) == (a, b)
            places, t = places + found, t + 1 + found
        right.append(len(pieces) - places)
        pairs = sum(pair == (a, b) for pair in pairwise(pieces))
        overlapping.append(len(pieces) - pairs)
        one.append(len(pieces) - 1)
        every.append(len(pieces) - 2 * places)
    planted = {
        "overlapping places counted": overlapping,
        "one join only": one,
        "both tokens gone": every,
    }
    check(
        np.array(left, float),
        np.array(right, float),
        planted={name: np.array(value, float) for name, value in planted.items()},
    )


@pytest.mark.equation("eq-scale-bits", tolerance=1e-12)
def test_bits(check, rng):
    """Left: from each token's probability; right: from the package's cross-entropy."""
    T, V, B = 11, 7, 29
    u, y = rng.normal(size=(T, V)), rng.integers(0, V, T)
    p = torch.softmax(torch.tensor(u), 1).numpy()[np.arange(T), y]
    L = cross_entropy(u, y)[0]
    direct = -np.log2(p).sum() / B
    nats = np.array(-np.log(p).mean())
    planted = {
        "per token": (direct * B / T, L / np.log(2)),
        "nats for bits": (-np.log(p).sum() / B, T / B * L),
        "times ln 2": (direct, T / B * nats * np.log(2)),
        "B over T": (direct, B / T * nats / np.log(2)),
    }
    check(
        (direct, direct + 0),
        (-np.log(p).sum() / np.log(2) / B, T / B * L / np.log(2)),
        planted=planted,
    )


@pytest.mark.equation("eq-scale-cost", tolerance=1e-12)
def test_cost(check, rng):
    """Left: products counted by the sizes of the package's matrices; right: as printed."""
    T, B, D, H, V = 13, 37, 4, 5, 11
    layer = LSTM.init(D, H, rng)
    entries = sum(W.size for W in (layer.W_xh, layer.W_hh)) + np.zeros((H, V)).size
    printed = T / B * (4 * H * (D + H) + H * V)
    planted = {
        "one gate": T / B * (H * (D + H) + H * V),
        "the embedding too": T / B * (4 * H * (D + H) + H * V + D * V),
        "no state in the gates": T / B * (4 * H * D + H * V),
        "per token": 4 * H * (D + H) + H * V,
    }
    check(T * entries / B, printed, planted=planted)
