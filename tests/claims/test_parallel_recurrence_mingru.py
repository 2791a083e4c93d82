"""What sentences of book/convolution/parallel-recurrence-mingru.md say."""

import re
from pathlib import Path

import numpy as np
import pytest

from unrolled.datasets import tasks
from unrolled.layers import Adam, MinGRU, Stack, clip_norm, cross_entropy

PAGE = Path(__file__).parents[2] / "book/convolution/parallel-recurrence-mingru.md"


def slow_decays(x, z):
    """States of units that decay by z, one for each symbol: (N, 4 * len(z) + 1), with a one."""
    h = np.zeros((*x.shape[1:], len(z)), z.dtype)
    for x_t in x.astype(z.dtype):
        h = z * h + (1 - z) * x_t[..., None]
    return np.concatenate([h.reshape(len(h), -1), np.ones((len(h), 1), z.dtype)], axis=1)


def test_slow_decays_single_out_the_oldest_step(claim):
    """Output weights by least squares on 20,000 sequences, tried on as many others."""
    claim(
        "With eight constant $z$ for each symbol, evenly spaced from 0.9 to 0.99, and output"
        " weights by least squares, a single layer is wrong 13 times in a hundred."
    )
    claim("Some of these weights are larger than ten million.")
    claim("Fitted in single precision, the same layer is wrong about one time in four.")
    sides = [tasks.gap(50, 20_000, np.random.default_rng(seed)) for seed in (0, 1)]
    wrong, largest = {}, {}
    for dtype in (np.float64, np.float32):
        z = np.linspace(0.9, 0.99, 8).astype(dtype)
        (h, y), (h_new, y_new) = [(slow_decays(x, z), y[-1]) for x, y in sides]
        W = np.linalg.lstsq(h, np.eye(4, dtype=dtype)[y], rcond=None)[0]
        wrong[dtype] = np.mean((h_new @ W).argmax(axis=1) != y_new)
        largest[dtype] = np.abs(W).max()
    assert 0.12 < wrong[np.float64] < 0.14 and largest[np.float64] > 1e7
    assert 0.21 < wrong[np.float32] < 0.29


@pytest.mark.slow
def test_long_sequences_from_the_start(claim):
    """The page's own training, with 200 steps in place of 50 and everything else the same."""
    claim(
        "Trained with 200 steps from the start, none of four such networks had learnt it after"
        " the same number of updates."
    )
    cell = re.search(r"^def train\(.*?(?=^```)", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    names = {"np": np, "Adam": Adam, "MinGRU": MinGRU, "Stack": Stack}
    names |= {"clip_norm": clip_norm, "cross_entropy": cross_entropy}
    exec(cell.group(), names)
    wrong = {}
    for T in (50, 200):
        runs = [names["train"](2, tasks.gap, T, 4, 4, 600, seed)[0] for seed in range(4)]
        wrong[T] = [np.mean(errors[-50:]) for errors in runs]
    assert max(wrong[50]) < 0.05 < 0.4 < min(wrong[200])
