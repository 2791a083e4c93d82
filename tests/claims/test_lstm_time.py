"""What sentences of book/gates/lstm-time.md say."""

from pathlib import Path

import numpy as np
import torch

from rerun import cells

PAGE = Path(__file__).parents[2] / "book/gates/lstm-time.md"


def test_time_constants(claim):
    """The formula at four biases."""
    claim("from $1.4$ steps at $b = 0$ to $3.2$ at $b = 1$, 21 at $b = 3$ and 149 at $b = 5$.")
    tau = 1 / np.log(1 + np.exp(-np.array([0.0, 1, 3, 5])))
    assert np.allclose(tau, [1.4, 3.2, 21, 149], atol=[0.05, 0.05, 0.5, 0.5])


def test_chrono_spreads_lifetimes(claim):
    """The page's own draw, 100,000 times, beside the quantiles of a uniform distribution."""
    claim("Chrono initialisation spreads these lifetimes evenly up to $T_{\\max}$.")
    [code] = [code for code in cells(PAGE) if "def silence(T" in code]
    line = "torch.log(1 + (T - 2) * torch.rand(S, 1, H, generator=torch_rng))"
    assert f"b_f = {line}" in code
    names = {"torch": torch, "S": 100_000, "H": 1, "T": 31}
    b_f = eval(line, names | {"torch_rng": torch.Generator().manual_seed(0)})
    lifetimes = (1 / (1 - torch.sigmoid(b_f.double()))).flatten().sort().values.numpy()
    even = 2 + (31 - 2) * (np.arange(100_000) + 0.5) / 100_000
    assert np.abs(lifetimes - even).max() < 0.2
