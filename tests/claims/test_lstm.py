"""What sentences of the chapter on the LSTM say."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from rerun import cells, rerun

PAGE = Path(__file__).parents[2] / "book/gates/lstm.md"


def test_time_constants(claim):
    """The formula at four biases."""
    claim("from $1.4$ steps at $b = 0$ to $3.2$ at $b = 1$, 21 at $b = 3$ and 149 at $b = 5$.")
    tau = 1 / np.log(1 + np.exp(-np.array([0.0, 1, 3, 5])))
    assert np.allclose(tau, [1.4, 3.2, 21, 149], atol=[0.05, 0.05, 0.5, 0.5])


def test_chrono_spreads_lifetimes(claim):
    """The page's own draw, 100,000 times, beside the quantiles of a uniform distribution."""
    claim(
        "If a content were lost at each step with probability $1-f$, then $1/(1-f)$ would be its"
        " mean lifetime; it is spread evenly up to $T_{\\max}$."
    )
    [code] = [code for code in cells(PAGE) if "def silence(T" in code]
    line = "torch.log(1 + (T - 2) * torch.rand(S, 1, H, generator=torch_rng))"
    assert f"b_f = {line}" in code
    names = {"torch": torch, "S": 100_000, "H": 1, "T": 31}
    b_f = eval(line, names | {"torch_rng": torch.Generator().manual_seed(0)})
    lifetimes = (1 / (1 - torch.sigmoid(b_f.double()))).flatten().sort().values.numpy()
    even = 2 + (31 - 2) * (np.arange(100_000) + 0.5) / 100_000
    assert np.abs(lifetimes - even).max() < 0.2


def test_numbers_of_parameters(claim):
    """Keras and torch build the layers, and count."""
    claim(
        "So `keras.layers.LSTM(128)` on 50 features has $91{,}648$ parameters, and torch's layer"
        " of that size 512 more."
    )
    claim(
        "(`keras.layers.GRU(32)`, of the next chapter, has three blocks and, by default, both"
        " biases: $3H(D+H+2)$, on 14 features $4{,}608$.)"
    )
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras  # after its backend has been chosen

    lstm, gru = keras.layers.LSTM(128), keras.layers.GRU(32)
    lstm.build((None, None, 50))
    gru.build((None, None, 14))
    assert (lstm.count_params(), gru.count_params()) == (91_648, 4_608)
    theirs = sum(p.numel() for p in torch.nn.LSTM(50, 128).parameters())
    assert theirs == 91_648 + 512


@pytest.mark.parametrize("seed", [0, 1])
def test_when_the_product_is_exact(claim, seed):
    """∂c_{k+2}/∂c_k by autograd, h_k moving with c_k, beside the product of the page's terms."""
    claim(
        "It is exact if $W_{ho} = 0$ (then $Q = 0$), and also if only the output gate listens to"
        " $h$ (then $K = 0$)."
    )
    claim("In general it is an approximation.")
    rng, H, D = np.random.default_rng(seed), 5, 4
    W_xh, b_h = torch.tensor(rng.normal(size=(D, 4 * H))), torch.tensor(rng.normal(size=4 * H))
    xs, c_k = torch.tensor(rng.normal(size=(2, D))), torch.tensor(rng.normal(size=H))
    o_k = torch.sigmoid(torch.tensor(rng.normal(size=H)))

    def off(W_hh):
        def step(x, h, c):
            i, f, g, o = (x @ W_xh + h @ W_hh + b_h).chunk(4)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            return o.sigmoid() * c.tanh(), c, o.sigmoid()

        def two(c):
            h, c, _ = step(xs[0], o_k * c.tanh(), c)
            return step(xs[1], h, c)[1]

        _, c, o = step(xs[0], o_k * c_k.tanh(), c_k)
        A = [  # each with its output gate before held
            torch.autograd.functional.jacobian(lambda c: step(xs[0], o_k * c.tanh(), c)[1], c_k),
            torch.autograd.functional.jacobian(lambda c: step(xs[1], o * c.tanh(), c)[1], c),
        ]
        return (torch.autograd.functional.jacobian(two, c_k) - A[1] @ A[0]).norm().item()

    W_hh = torch.tensor(rng.normal(size=(H, 4 * H)))
    of_o = torch.arange(4 * H) >= 3 * H
    assert off(W_hh * ~of_o) < 1e-12
    assert off(W_hh * of_o) < 1e-12
    assert off(W_hh) > 1e-3


@pytest.mark.slow
def test_the_output_gate_in_another_draw(claim):
    """The page's experiment with other starts and other data: steps 4 and 5 on *recall*."""
    claim("What the output gate adds is within the spread here; with other starts it was more.")
    names = ["import matplotlib.pyplot", "SHUT, FREE, OPEN", "def run(p, kind, x)"]
    names += ["def readout(p, h)", "def cross_entropy(u, y)", "def right_at_the_end"]
    changes = {"manual_seed(0)": "manual_seed(1)", "default_rng(1)": "default_rng(101)"}
    page = rerun(PAGE, [*names, "reber = tasks.embedded_reber"], changes)
    without, with_it = page["scores"]["recall"][3:5]
    assert with_it.mean() > without.mean() + 0.05
