"""What sentences of book/sequence-to-sequence/encoder-decoder-context.md say."""

from pathlib import Path

import numpy as np
import pytest
import torch

from rerun import rerun
from unrolled.datasets import NumberWords
from unrolled.datasets.number_words import hold_out_random
from unrolled.models import EncoderDecoder, Reminded

PAGE = Path(__file__).parents[2] / "book/sequence-to-sequence/encoder-decoder-context.md"
IMPORTS = "from unrolled.figures import plot, show"
FIT = "def fit(model, pairs, numbers, steps"


@pytest.fixture(scope="module")
def page():
    """`fit`, `fresh`, `right`, and what comes with them."""
    return rerun(PAGE, [IMPORTS, FIT])


def spelt():
    """The page's numbers in letters: pairs, those for training, those held out."""
    pairs = NumberWords(range(1000), ("en", "fr"), ("characters", "characters"))
    return pairs, *hold_out_random(range(1000), 200, np.random.default_rng(0))


def mixed():
    """The page's numbers of one to six digits: pairs, those for training, those held out."""
    rng = np.random.default_rng(0)
    digits = rng.integers(1, 7, size=12_000)
    numbers = np.unique(rng.integers(10**digits // 10, 10**digits))
    return NumberWords(numbers), *hold_out_random(numbers, 1000, rng)


def test_lengths_in_letters_and_in_words(claim):
    """Counted over the numbers below 1,000."""
    claim(
        "But a source has 24 or 25 characters on average, and a target 22 with its END, where there"
        " were four or five words."
    )
    letters, words = spelt()[0], NumberWords(range(1000), ("en", "fr"))
    source, target = (np.mean([len(letters.tokens(n, k)) for n in range(1000)]) for k in (0, 1))
    assert 24 < source < 25 and round(target + 1) == 22
    assert all(4 < np.mean([len(words.tokens(n, k)) for n in range(1000)]) + k < 5 for k in (0, 1))


def test_reach_before_training(claim):
    """Steps 1 and 30 of the untrained networks, by the page's own measure."""
    claim(
        "Before training, the loss of the thirtieth character has a hundred-thousandth or less of"
        " the first one's say."
    )
    claim("With either remedy it keeps half of it or more.")
    page, (pairs, seen, _) = claim.definitions(), spelt()

    def kept(model):
        norms = page["reach"](model, pairs, seen[:100])
        return norms[29] / norms[0]

    for seed in range(2):
        fresh = [page["fresh"](pairs, kind, seed=seed) for kind in (EncoderDecoder, Reminded)]
        assert kept(fresh[0]) < 1e-5
        assert kept(fresh[1]) > 0.5
        assert kept(page["opened"](fresh[0])) > 0.5


def test_sources_of_four_words_are_rare(claim):
    """The page's draw of numbers, counted by the words of their English."""
    claim("They are rare in training.)")
    pairs, seen, _ = mixed()
    words = pairs.batch(seen)[1]
    assert (words == 4).mean() < 0.06 and (words == 4).sum() < 0.6 * (words == 5).sum()


@pytest.mark.slow
def test_sources_of_four_words_do_worse(claim, page):
    """The page's four networks."""
    claim("(For instance, sources of four words do worse than those of five.")
    pairs, seen, held_out = mixed()
    words = pairs.batch(held_out)[1]
    for kind in (EncoderDecoder, Reminded):
        for H in (32, 64):
            model = page["fit"](page["fresh"](pairs, kind, H), pairs, seen, steps=300)
            answers = page["right"](model, pairs, held_out)
            assert answers[words == 4].mean() < answers[words == 5].mean() - 0.02, (kind, H)


@pytest.mark.slow
def test_by_the_letter_it_is_not_bad(claim, page):
    """The first network for letters: the page's training, then the true letters given."""
    claim(
        "By the letter the first network is not bad at all: with the true letters given, about"
        " nine in ten of its predictions are right."
    )
    pairs, seen, held_out = spelt()
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
    pairs, seen, held_out = mixed()
    share = {}
    for steps in (300, 1000):
        model = page["fit"](page["fresh"](pairs, H=32), pairs, seen, steps=steps)
        share[steps] = page["right"](model, pairs, held_out).mean()
    assert share[1000] > 3 * share[300]
