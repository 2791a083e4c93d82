"""Source code that the networks have not read: a half for choosing cells, a half for scoring."""

from typing import NamedTuple

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor

from unrolled import checks
from unrolled.char_lstm import networks
from unrolled.char_lstm.intervene import run
from unrolled.char_lstm.source_labels import source_labels
from unrolled.models.language_model import LanguageModel

SHORTEST, LONGEST = 3000, 20_000  # characters of the modules that are used
HALVES = slice(0, None, 2), slice(1, None, 2)  # of the modules: for choosing, for scoring
APART = 5  # neighbouring characters tell nearly the same, so every fifth one is looked at


class Unread(NamedTuple):
    """The beginnings of N modules, in alphabetical order of their names."""

    texts: list[str]  # L characters each
    x: Tensor  # ids (L, N), one module in each column
    labels: dict[str, ndarray]  # name -> (N, L), those of `source_labels`


def unread(L: int = SHORTEST) -> Unread:
    """The first L characters of each module of a middling size that no network has read."""
    checks.whole(1, SHORTEST, L=L)
    modules = networks.library(read=False).values()
    modules = [text for text in modules if SHORTEST <= len(text) <= LONGEST]
    labels = [source_labels(text) for text in modules]
    ids = [networks.VOCABULARY.encode(networks.plain(text[:L])) for text in modules]
    return Unread(
        texts=[text[:L] for text in modules],
        x=torch.as_tensor(np.stack(ids, axis=1)),
        labels={name: np.stack([one[name][:L] for one in labels]) for name in labels[0]},
    )


def places(values: ndarray | Tensor) -> list:
    """values (N, T, ...) -> for either half of the N, every fifth character, (n, ...) each."""
    checks.kind("an array or a tensor (N, T, ...)", ndarray | Tensor, values=values)
    if values.ndim < 2:
        raise ValueError(f"values must be (N, T, ...), got {tuple(values.shape)}")
    halves = [values[half, ::APART] for half in HALVES]
    return [half.reshape(half.shape[0] * half.shape[1], *half.shape[2:]) for half in halves]


def states(model: LanguageModel, x: Tensor) -> list[ndarray]:
    """ids x (T, N) -> tanh c at the `places` of both halves, (n, H) each."""
    c = run(model, x)[0].transpose(0, 1)  # (N, T, H)
    return [half.tanh().numpy() for half in places(c)]
