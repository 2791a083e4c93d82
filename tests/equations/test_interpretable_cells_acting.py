"""The equations of book/gates/interpretable-cells-acting.md, each against an independent route."""

import numpy as np
import pytest
import torch

from unrolled.char_lstm.intervene import run
from unrolled.datasets.text import Vocabulary
from unrolled.models.language_model import LanguageModel

T, N, D, H, V = 7, 3, 4, 5, 6


@pytest.fixture
def case(rng):
    """A language model in float64, ids (T, N), and the initial state."""
    model = LanguageModel(Vocabulary("abcdef"), H=H, D=D).double()
    for parameter in model.parameters():
        parameter.data = torch.tensor(0.7 * rng.normal(size=parameter.shape))
    zero = torch.zeros(N, H).double()
    return model, torch.tensor(rng.integers(V, size=(T, N))), (zero, zero.clone())


def by_hand(model, x, clamp=None, after=False):
    """The printed LSTM in NumPy, clamp (cell, value); `after`: only once h has been computed."""
    p = {name: w.detach().numpy() for name, w in model.named_parameters()}
    h, c, us = np.zeros((N, H)), np.zeros((N, H)), []
    for ids in x.numpy():
        a = p["embedding.weight"][ids] @ p["recurrent.weight_ih_l0"].T
        a = a + h @ p["recurrent.weight_hh_l0"].T
        a = a + p["recurrent.bias_ih_l0"] + p["recurrent.bias_hh_l0"]
        i, f, g, o = np.split(a, 4, axis=1)
        i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
        c = f * c + i * np.tanh(g)
        free = c.copy()
        if clamp and not after:
            c[:, clamp[0]] = clamp[1]
        h = o * np.tanh(c)
        if clamp and after:
            c[:, clamp[0]] = clamp[1]
        us.append(h @ p["output.weight"].T + p["output.bias"])
    return np.stack(us), {"o": o, "c": free, "h": h}


def held(j, v, first=0):
    """The change that holds cell j at v from step `first` on."""
    at_j = torch.arange(H) == j
    return lambda t, c: torch.where(at_j, v, c) if t >= first else c


@pytest.mark.equation("eq-cells-vote", tolerance=1e-10)
def test_vote(check, case, rng):
    """Left: logits with the cell held in the last step alone, minus without; right: as printed."""
    model, x, zero = case
    j, v = int(rng.integers(H - 1)), rng.uniform(0.5, 1.5)
    left = run(model, x, zero, held(j, v, first=T - 1))[1][-1] - run(model, x, zero)[1][-1]
    at_end = by_hand(model, x)[1]
    o, c, W_hy = at_end["o"][:, [j]], at_end["c"][:, [j]], model.output.weight.detach().numpy().T
    throughout = run(model, x, zero, held(j, v))[1][-1] - run(model, x, zero)[1][-1]
    planted = {
        "no output gate": (np.tanh(v) - np.tanh(c)) * W_hy[j],
        "no tanh": o * (v - c) * W_hy[j],
        "held from the first step on": throughout,
    }
    check(left, o * (np.tanh(v) - np.tanh(c)) * W_hy[j], planted=planted)


@pytest.mark.equation("eq-cells-effect", tolerance=1e-12)
def test_effect(check, rng):
    """Left: as printed; right: logarithm of the geometric mean of the factors on the odds."""
    p, p_new = rng.random(9), rng.random(9)
    left = np.mean(np.log(p_new * (1 - p) / ((1 - p_new) * p)))
    factors = (p_new / (1 - p_new)) / (p / (1 - p))
    mean, mean_new = p.mean(), p_new.mean()
    planted = {
        "of the mean probabilities": np.log(mean_new * (1 - mean) / ((1 - mean_new) * mean)),
        "ratio of probabilities": np.mean(np.log(p_new / p)),
        "arithmetic mean of the factors": np.log(factors.mean()),
    }
    check(left, np.log(np.prod(factors) ** (1 / 9)), planted=planted)
