"""What sentences of book/sequence-to-sequence/encoder-decoder-context.md say."""

from pathlib import Path

import numpy as np
import pytest
import torch

from rerun import rerun

PAGE = Path(__file__).parents[2] / "book/sequence-to-sequence/encoder-decoder-context.md"
IMPORTS = "from unrolled.figures import plot, show"
FIT = "def fit(model, pairs, numbers, steps"


@pytest.fixture(scope="module")
def page():
    """`fit`, `fresh`, `right`, and what comes with them."""
    return rerun(PAGE, [IMPORTS, FIT])


def spelt(page):
    from unrolled.datasets import NumberWords
    from unrolled.datasets.number_words import hold_out_random

    pairs = NumberWords(range(1000), ("en", "fr"), ("characters", "characters"))
    return pairs, *hold_out_random(range(1000), 200, np.random.default_rng(0))


def test_sources_of_four_words_are_rare(claim):
    """The page's draw of numbers, counted by the words of their English."""
    claim("sources of four words, which are rare in training, do worse than those of five.)")
    from unrolled.datasets import NumberWords
    from unrolled.datasets.number_words import hold_out_random

    rng = np.random.default_rng(0)
    digits = rng.integers(1, 7, size=12_000)
    numbers = np.unique(rng.integers(10**digits // 10, 10**digits))
    seen, _ = hold_out_random(numbers, 1000, rng)
    words = NumberWords(numbers).batch(seen)[1]
    assert (words == 4).mean() < 0.06 and (words == 4).sum() < 0.6 * (words == 5).sum()


@pytest.mark.slow
def test_by_the_letter_it_is_not_bad(claim, page):
    """The first network for letters: the page's training, then the true letters given."""
    claim(
        "By the letter the first network is not bad at all: with the true letters given, about"
        " nine in ten of its predictions are right."
    )
    pairs, seen, held_out = spelt(page)
    model = page["fit"](page["fresh"](pairs), pairs, seen, steps=250)
    source, lengths, inputs, targets = map(torch.as_tensor, pairs.batch(held_out))
    with torch.no_grad():
        hits = model(source, lengths, inputs).argmax(dim=-1) == targets
    assert 0.87 < hits[targets != page["PAD"]].float().mean() < 0.95
    assert page["right"](model, pairs, held_out).mean() < 0.03


@pytest.mark.slow
def test_three_times_as_many_steps(claim, page):
    """H = 32, the context at the start, 300 and 1,000 steps on the page's numbers."""
    claim(
        "Trained for 1,000 steps instead, networks with $H=32$ on the left get several times as"
        " many right, too."
    )
    from unrolled.datasets import NumberWords
    from unrolled.datasets.number_words import hold_out_random

    rng = np.random.default_rng(0)
    digits = rng.integers(1, 7, size=12_000)
    numbers = np.unique(rng.integers(10**digits // 10, 10**digits))
    pairs = NumberWords(numbers)
    seen, held_out = hold_out_random(numbers, 1000, rng)
    share = {}
    for steps in (300, 1000):
        model = page["fit"](page["fresh"](pairs, H=32), pairs, seen, steps=steps)
        share[steps] = page["right"](model, pairs, held_out).mean()
    assert share[1000] > 3 * share[300]
