"""What sentences of book/sequences/language-model-little-text.md say."""

import numpy as np
import pytest
import torch

from unrolled.datasets import Vocabulary, corpus
from unrolled.models import LanguageModel, NGram, perplexity
from unrolled.models.language_model import fit


@pytest.fixture(scope="module")
def manual():
    """The manual, every paragraph once: symbols, training text, held-out ids."""
    prose = "\n\n".join(dict.fromkeys(corpus.documentation().split("\n\n")))
    train_text, held_out = corpus.hold_out_end(prose)
    symbols = Vocabulary.of(prose)
    return symbols, train_text, symbols.encode(held_out)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_overfitting_with_other_seeds(claim, manual, seed):
    """The page's three models of 10,000 characters, with weights and windows of another seed."""
    claim(
        "With two other seeds it came out the same: without a remedy a turn after about a hundred"
        " updates, with dropout hardly any, with tied weights a weaker rise."
    )
    claim("The counts of 10,000 characters still predict better than each of the three:")
    symbols, train_text, held_out_ids = manual
    small, some_ids, curves = train_text[100_000:110_000], held_out_ids[:10_000], {}
    for name, options in {"": {}, "dropout": {"dropout": 0.4}, "tied": {"tied": True}}.items():
        torch.manual_seed(seed)
        model = LanguageModel(symbols, H=128, D=128, **options)
        history = fit(
            model, small, 400, np.random.default_rng(seed), N=8, every=50,
            measure=lambda model=model: perplexity(model, some_ids),
        )  # fmt: skip
        curves[name] = history.measured
        print(name, {updates: round(value, 2) for updates, value in history.measured.items()})
    rise = {name: curve[400] / min(curve.values()) for name, curve in curves.items()}
    turn = {name: min(curve, key=curve.get) for name, curve in curves.items()}
    assert 50 <= turn[""] <= 150 and rise[""] > 1.15
    assert rise["dropout"] < 1.06
    assert 1.0 < rise["tied"] < rise[""] - 0.05
    counts = NGram.fit(symbols.encode(small), 8, len(symbols)).perplexity(some_ids)
    assert counts < min(min(curve.values()) for curve in curves.values())
