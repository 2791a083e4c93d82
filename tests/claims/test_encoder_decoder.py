"""What sentences of book/sequence-to-sequence/encoder-decoder.md say."""

from pathlib import Path

import numpy as np
import pytest
import torch

from rerun import rerun
from unrolled.datasets.number_words import tokens, written
from unrolled.models import EncoderDecoder, Reminded

PAGE = Path(__file__).parents[2] / "book/sequence-to-sequence/encoder-decoder.md"
HARNESS = ["from unrolled.figures import graph, plot, show", "digits = rng.integers(1, 7"]
TRAINED, BY_LENGTH = "def trained(kind, numbers", "def by_length(model"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_small_numbers(claim, seed):
    """Four starts, trained below 10,000; tested on held-out numbers of all lengths."""
    claim("We trained four translators in this way, from different starts.")
    claim(
        "Each had more than nine in ten of the small numbers right, and none of those above 10,000."
    )
    page = rerun(PAGE, [*HARNESS, TRAINED])
    seen, held_out = page["seen"], page["held_out"]
    model = page["trained"](page["EncoderDecoder"], seen[seen < 10_000], steps=500, seed=seed)
    answers = page["right"](model, held_out)
    assert answers[held_out < 10_000].mean() > 0.9
    assert not answers[held_out >= 10_000].any()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_the_card_fades(claim, seed):
    """Three kinds from four starts; the gates that start open take the supposed cause away."""
    claim("We trained four of each kind, from different starts.")
    claim(
        "Of the numbers with ten or eleven words, the first kind never had more than one in eight"
        " right."
    )
    claim("The second always had more than half of them, and the third more than two thirds.")
    page = rerun(PAGE, [*HARNESS, TRAINED, BY_LENGTH])
    start, opened, every = (
        page["by_length"](page["trained"](kind, page["seen"], steps=300, seed=seed))
        for kind in page["kinds"].values()
    )
    assert start[-1] <= 1 / 8
    assert opened[-1] > 1 / 2
    assert every[-1] > 2 / 3


def test_by_hand(claim):
    """The pocket calculator's numbers."""
    claim("After *twenty* and *four* the card reads $0.5\\times2+0.4 = 1.4$.")
    claim("If she reads on into the padding, it becomes $0.5\\times0.7 = 0.35$.")
    claim("The six losses add up to 1.86, and their mean is $1.86/6 = 0.31$.")
    claim("Then they keep $\\sigma(4) = 0.982$ at each step, and $0.982^{11} = 0.82$.")
    claim("Without it the state is halved four times, and 0.7 becomes 0.044.")
    claim(
        "The German of 228,744 has eleven parts, and after eleven steps $0.5^{11} = 0.0005$ is"
        " left in this way."
    )

    def card(words, mask):
        h = 0.0
        for x, m in zip(words, mask, strict=True):
            h = m * (0.5 * h + x) + (1 - m) * h
        return h

    assert np.isclose(card([2, 0.4], [1, 1]), 1.4)
    assert np.isclose(card([0.7, 0], [1, 1]), 0.35) and card([0.7, 0], [1, 0]) == 0.7
    assert round(card([0.7, 0, 0, 0, 0], [1] * 5), 3) == 0.044
    losses = -np.log([0.5, 0.8, 0.8, 0.9, 0.6, 0.9])
    assert round(losses.sum(), 2) == 1.86 and round(losses.mean(), 2) == 0.31
    assert round(losses.sum() / 8, 2) == 0.23
    assert len(tokens(written(228_744, "de"), "parts")) == 11 and round(0.5**11, 4) == 0.0005
    assert round(1 / (1 + np.exp(-4)), 3) == 0.982 and round(0.982**11, 2) == 0.82


def test_counts(claim):
    """The page's draw of numbers, and the weights of two networks."""
    claim("(So only 9 of them have one digit.)")
    claim("(It has 12,288 weights more, which read the card.)")
    page = rerun(PAGE, HARNESS)
    assert sum(page["numbers"] < 10) == 9

    def size(kind):
        return sum(p.numel() for p in kind(34, 32, 64).parameters())

    assert size(Reminded) - size(EncoderDecoder) == 12_288


def test_a_third_sentence(claim):
    """The exercise's cards."""
    claim("Without it the first becomes $1.4/4 = 0.35$ and the second $0.7/8 = 0.0875$.")
    h = 0.0
    for x in (0.1, 3, 0, 0.5):
        h = 0.5 * h + x
    assert np.isclose(h, 1.2625) and np.isclose(1.4 / 4, 0.35) and np.isclose(0.7 / 8, 0.0875)


def test_gate_and_candidate(claim):
    """∂s₁₁/∂s₀ of untrained writers: the root of its mean square gain."""
    claim("(With what comes through the candidate it is a few thousandths.)")
    claim(
        "The gradient of the last part has faded to a few thousandths when it arrives at the card."
    )
    for seed in range(4):
        torch.manual_seed(seed)
        model = EncoderDecoder(34, 32, 64)
        x = model.target_embedding(torch.randint(3, 32, (11, 1)))
        c = 0.3 * torch.randn(64)
        J = torch.autograd.functional.jacobian(lambda s: model.decoder(x, s[None, None])[1], c)  # noqa: B023
        assert 0.002 < J.norm() / 64**0.5 < 0.006
