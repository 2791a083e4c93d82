"""A small language model, and its steps by hand while a cell is held, for the chapter on cells."""

import numpy as np
import torch

from unrolled.datasets.text import Vocabulary
from unrolled.models.language_model import LanguageModel

T, N, D, H, V = 7, 3, 4, 5, 6


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
