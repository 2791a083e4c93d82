"""Decoding, against every labelling there is."""

from itertools import product
from math import exp, inf, log

import numpy as np
import pytest

from unrolled.decoding.ctc_decoding import best_path, prefix_beam
from unrolled.layers.ctc import collapse, forward


def random_log_p(T, V, seed=0):
    return np.log(np.random.default_rng(seed).dirichlet(np.ones(V), size=T))


def test_best_path_is_the_best_of_all_paths():
    log_p = random_log_p(5, 3)
    path = max(product(range(3), repeat=5), key=lambda path: log_p[range(5), path].sum())
    assert best_path(log_p) == collapse(path)


def test_best_path_is_not_the_best_text():
    log_p = np.log([[0.6, 0.4], [0.6, 0.4]])
    assert best_path(log_p) == ()
    score, labels = prefix_beam(log_p, 5)[0]
    assert labels == (1,) and exp(score) == pytest.approx(0.64)


@pytest.mark.parametrize("blank", [0, 2])
@pytest.mark.parametrize("seed", range(3))
def test_a_wide_beam_finds_every_text_with_its_probability(seed, blank):
    log_p = random_log_p(5, 3, seed)
    texts = {collapse(path, blank) for path in product(range(3), repeat=5)}
    found = prefix_beam(log_p, 1000, blank)
    assert {labels for _, labels in found} == texts
    for score, labels in found:
        assert score == pytest.approx(-forward(log_p, labels, blank)[0])
    assert [score for score, _ in found] == sorted((score for score, _ in found), reverse=True)


def test_a_narrow_beam_is_never_above_the_truth():
    log_p = random_log_p(30, 6)
    found = prefix_beam(log_p, 4)
    assert len(found) == 4
    for score, labels in found:
        assert score <= -forward(log_p, labels)[0] + 1e-9


def test_weights_count_once_for_each_label():
    log_p = random_log_p(4, 3)
    plain = {labels: score for score, labels in prefix_beam(log_p, 1000)}
    heavy = prefix_beam(log_p, 1000, weight=lambda prefix: log(2) * prefix[-1])
    for score, labels in heavy:
        assert score == pytest.approx(plain[labels] + log(2) * sum(labels))
    only = prefix_beam(log_p, 1000, weight=lambda prefix: 0.0 if prefix == (2,) else -inf)
    assert {labels for score, labels in only if score > -inf} == {(), (2,)}


def test_a_beam_holds_something():
    with pytest.raises(ValueError, match="at least 1"):
        prefix_beam(random_log_p(2, 3), 0)


@pytest.mark.parametrize("way", [best_path, lambda log_p, blank=0: prefix_beam(log_p, 3, blank)])
@pytest.mark.parametrize(
    ("log_p", "blank", "said"),
    [
        (random_log_p(4, 4), -1, "blank must be in 0 ... 3, got -1"),
        (random_log_p(4, 4), 4, "blank must be in 0 ... 3, got 4"),
        (np.random.default_rng(0).normal(size=(4, 4)), 0, "sum to one"),  # logits
        (np.full((4, 4), 1e3), 0, "sum to one"),
        (np.full((4, 4), np.nan), 0, "sum to one"),
        (random_log_p(4, 4)[0], 0, r"log_p must be \(T, V\) .*, got \(4,\)"),
        (np.zeros((0, 4)), 0, r"at least one frame, got \(0, 4\)"),
        (random_log_p(4, 4).tolist(), 0, "log_p must be an array of floats .* got list"),
    ],
)
def test_what_cannot_be_decoded_is_named(way, log_p, blank, said):
    with pytest.raises(ValueError, match=said):
        way(log_p, blank)
