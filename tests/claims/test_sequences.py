"""What sentences of the chapter on sequences say."""

import numpy as np
import pytest
import torch
from torch import nn

from unrolled.datasets import Vocabulary, documentation, one_hot
from unrolled.datasets.corpus import hold_out_end
from unrolled.models import train

LENGTH, PLACES = 20, np.arange(15)


@pytest.fixture(scope="module")
def manual():
    """Training and held-out ids of the manual, and its vocabulary."""
    text = documentation()
    vocabulary = Vocabulary.of(text)
    return *(vocabulary.encode(part) for part in hold_out_end(text)), vocabulary


def pieces_with_the_word(ids, vocabulary, places, N, rng):
    word = vocabulary.encode("yellow")
    pieces = ids[rng.integers(len(ids) - LENGTH, size=N)[:, None] + np.arange(LENGTH)]
    has_word = rng.random(N) < 0.5
    rows = np.flatnonzero(has_word)[:, None]
    pieces[rows, rng.choice(places, size=rows.shape) + np.arange(len(word))] = word
    x = one_hot(pieces, len(vocabulary), np.float32).transpose(0, 2, 1)
    return x, has_word.astype(np.float32)


class Slits(nn.Module):
    """A slit of six letters with weights of its own at each place; the largest score."""

    def __init__(self, V):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(6 * V, 32) for _ in PLACES)
        self.scores = nn.ModuleList(nn.Linear(32, 1) for _ in PLACES)

    def forward(self, x):
        each = zip(PLACES, self.layers, self.scores, strict=True)
        scores = [s(torch.tanh(a(x[:, :, p : p + 6].flatten(1)))) for p, a, s in each]
        return torch.stack(scores).amax(dim=0)


def all_at_once(V):
    return nn.Sequential(nn.Flatten(), nn.Linear(LENGTH * V, 32), nn.Tanh(), nn.Linear(32, 1))


def same_slit(V):
    slit = nn.Conv1d(V, 32, 6), nn.Tanh(), nn.Conv1d(32, 1, 1)
    return nn.Sequential(*slit, nn.AdaptiveMaxPool1d(1), nn.Flatten())


def found(make, manual, seed, places):
    """Share of the words found, for each place where one begins; and share of false alarms."""
    train_ids, held_out_ids, vocabulary = manual
    torch.manual_seed(seed)
    rng, model = np.random.default_rng(seed), make(len(vocabulary))
    drawn = (pieces_with_the_word(train_ids, vocabulary, places, 128, rng) for _ in range(150))

    def yes_or_no(model, x, y):
        return nn.functional.binary_cross_entropy_with_logits(model(x)[:, 0], y)

    train(model, drawn, yes_or_no, steps=150, learning_rate=0.01)
    shares, alarms = [], []
    with torch.no_grad():
        for place in PLACES:
            x, y = pieces_with_the_word(held_out_ids, vocabulary, [place], 400, rng)
            yes = (model(torch.tensor(x))[:, 0] > 0).numpy()
            shares.append(yes[y == 1].mean())
            alarms.append(yes[y == 0].mean())
    return np.array(shares), np.mean(alarms)


@pytest.mark.slow
def test_yellow_from_six_starts(claim, manual):
    """The three networks from six starts, with the slit whose weights are not shared as control."""
    claim("The result was the same from each of six random starts.")
    for seed in range(6):
        shares, alarms = found(same_slit, manual, seed, PLACES[::2])
        assert shares.min() > 0.95
        assert alarms < 0.05
        for make in (all_at_once, Slits):
            shares, alarms = found(make, manual, seed, PLACES[::2])
            assert shares[::2].min() > 0.95
            assert shares[1::2].max() < 0.15
            assert alarms < 0.05


@pytest.mark.slow
def test_shown_every_place(claim, manual):
    """The network that sees all at once, trained with the word at all fifteen places."""
    claim(
        "And if the word stands at all places in training, the network that sees all at once"
        " finds it at all of them."
    )
    for seed in range(6):
        shares, alarms = found(all_at_once, manual, seed, PLACES)
        assert shares.min() > 0.9
        assert alarms < 0.05


def test_softmax_twice(claim):
    """The smallest loss that softmax of any probabilities can give, over many of them."""
    claim(
        "With four tokens such a loss cannot fall below 0.74, even if every prediction is right,"
        " since the second softmax turns 1, 0, 0, 0 into 0.475 and three times 0.175."
    )
    rng = np.random.default_rng(0)
    p = np.concatenate([np.eye(4)[:1], rng.dirichlet(0.1 * np.ones(4), size=10_000)])
    losses = np.log(np.exp(p).sum(axis=1)) - p[:, 0]
    assert round(losses.min(), 2) == 0.74
    assert losses.argmin() == 0
    twice = np.exp(p[0]) / np.exp(p[0]).sum()
    assert twice.round(3).tolist() == [0.475, 0.175, 0.175, 0.175]


def test_pairs_of_the_manual(claim, manual):
    """Pairs counted in the first nine tenths, each count beginning at 1, measured on the last."""
    claim("It has 103 different characters, so a model that knows nothing has the perplexity 103.")
    claim("Counted pairs bring it down to about 10, on a part of the manual that was not counted.")
    train_ids, held_out_ids, vocabulary = manual
    V = len(vocabulary)
    assert V == 103
    P = np.ones((V, V))
    np.add.at(P, (train_ids[:-1], train_ids[1:]), 1)
    P /= P.sum(axis=1, keepdims=True)
    assert 9.5 < np.exp(-np.log(P[held_out_ids[:-1], held_out_ids[1:]]).mean()) < 10.8
