"""What sentences of the chapter on the LSTM say."""

from pathlib import Path

import numpy as np
import pytest
import torch

from rerun import rerun
from unrolled.datasets import agreement
from unrolled.models import train

PAGE = Path(__file__).parents[2] / "book/gates/lstm.md"


@pytest.fixture
def page():
    """What the page's cells define: its networks, how they are trained, and how it interferes."""
    names = ["from unrolled.convert", "class Reader", "def trained(", "def tells(c, plural)"]
    return rerun(PAGE, [*names, "def right_after", "def interfere"])


def test_what_is_kept(claim):
    """The powers."""
    claim("With a\nforget gate at 0.95, a note keeps 36 % of its strength over 20 steps.")
    claim("With 0.99 it keeps 82 %.")
    assert np.allclose([0.95**20, 0.99**20], [0.36, 0.82], atol=0.005)


def test_how_far_apart_noun_and_verb_are(claim):
    """1,000 sentences with eight clauses."""
    claim(
        "The LSTM gets nearly every verb right, even with eight clauses, when there are about"
        " seventy words in between."
    )
    new = agreement.sentences([8], 1000, np.random.default_rng(0))
    first = np.argmax(new.x == agreement.NUMBERS["that"], axis=0)  # the first word after the noun
    assert 68 < np.mean(new.verb - first + 1) < 80


@pytest.mark.slow
def test_plain_networks_with_more_training(claim, page):
    """Eight runs of 1,600 updates, of which the page makes 400; right after one clause?"""
    claim("A plain network can learn this too, but later and less surely.")
    claim(
        "We gave eight of them, with 71 units each, four times as many updates, and tried four"
        " learning rates."
    )
    claim("A few of the eight learnt to keep the note, and the others still guessed.")
    found = {False: [], True: []}
    for orthogonal, shares in found.items():
        for seed, rate in enumerate([0.002, 0.005, 0.01, 0.02]):
            torch.manual_seed(seed)
            model, rng = page["Reader"](torch.nn.RNN, 71), np.random.default_rng(seed)
            if orthogonal:
                torch.nn.init.orthogonal_(model.layer.weight_hh_l0)
            drawn = (agreement.sentences([0, 1, 2], 32, rng)[:2] for _ in range(1600))
            train(model, drawn, steps=1600, learning_rate=rate, clip=1.0)
            assert page["share_right"](model, 0, N=1000) > 0.95  # it has learnt what it can
            shares.append(page["share_right"](model, 1, N=1000))
    print(found)
    learnt = sum(share > 0.95 for shares in found.values() for share in shares)
    assert 1 <= learnt <= 5
    guessing = [share < 0.65 for shares in found.values() for share in shares if share <= 0.95]
    assert np.mean(guessing) > 0.7


@pytest.mark.slow
def test_the_note_in_five_networks(claim, page):
    """The page's network from five starts; how many cells know, and what becomes of the verbs."""
    claim("Of the LSTMs we started five.")
    claim("All five had learnt it after a quarter as many updates.")
    claim("We trained five such networks.")
    claim("In most of them, as here, one to three of the 32 cells hold the whole note.")
    claim("In the others more cells share it, and some of these are below our mark of 95 in 100.")
    claim("There, swapping only those above the mark changes only some of the verbs.")
    whole = []
    for seed in range(5):
        model = page["trained"](torch.nn.LSTM, 32, seed)
        assert page["share_right"](model, 2) > 0.97
        cells, as_it_is, averaged, swapped, spared = page["interfere"](model)
        print(cells, as_it_is, averaged, swapped, spared)
        assert as_it_is > 0.97 and spared > 0.9
        whole.append(cells <= 3 and averaged < 0.75 and swapped < 0.05)
        if not whole[-1]:  # more cells, with a lower mark, change more verbs
            more, *_, swapped_more, _ = page["interfere"](model, above=0.7)
            assert more > cells and swapped_more < swapped - 0.1
    assert sum(whole) >= 3
