"""Sizes, softmax and a small model of characters, for the checks of the language model's pages."""

import numpy as np
import torch

from unrolled.datasets.text import Vocabulary
from unrolled.models.language_model import LanguageModel

T, H, D, V = 6, 5, 4, 7  # N = 1: the chapter's equations are for one text
SYMBOLS = "abcdefg"


def softmax(u):
    e = np.exp(u - u.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def language_model(rng, **options):
    """A LanguageModel in float64 with weights far from uniform predictions."""
    torch.manual_seed(int(rng.integers(1000)))
    model = LanguageModel(Vocabulary(SYMBOLS), **{"H": H, "D": D} | options).double()
    for p in model.parameters():
        p.data *= 3
    return model.eval()
