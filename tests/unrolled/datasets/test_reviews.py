"""The rule-made reviews: their verdicts by a second reading of the rule, word by word."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from unrolled.datasets import reviews
from unrolled.datasets.reviews import (
    BAD,
    GOOD,
    NEGATIONS,
    VOCABULARY,
    bags,
    exchanged,
    padded_ids,
    random_reviews,
)


@pytest.fixture(scope="module")
def drawn():
    return random_reviews(3000, np.random.default_rng(0))


def values(text):
    """+1 or -1 for each clause, and the words that join them: a slow reader of the text."""
    found, joints, sign = [], [], 1
    for word in text.split():
        if word in NEGATIONS:
            sign = -sign
        elif word in GOOD or word in BAD:
            found.append(sign if word in GOOD else -sign)
            sign = 1
        elif word in ("and", "but"):
            joints.append(word)
    return found, joints


def test_the_verdict_is_the_last_clause_s(drawn):
    for text, y in zip(*drawn, strict=True):
        assert values(text)[0][-1] == 2 * y - 1
        assert reviews.verdict(text) == y


def test_and_joins_what_agrees_and_but_what_does_not(drawn):
    for text in drawn[0]:
        found, joints = values(text)
        expected = ["and" if a == b else "but" for a, b in pairwise(found)]
        assert joints == expected


@pytest.mark.parametrize("clauses", [(1,), (2,), (3,), (1, 3)])
def test_as_many_clauses_as_asked_for(clauses):
    texts, _ = random_reviews(60, np.random.default_rng(1), clauses)
    assert {len(values(text)[0]) for text in texts} == set(clauses)


def test_every_kind_is_as_likely(drawn):
    texts, y = drawn
    assert abs(y.mean() - 0.5) < 0.04
    negated = [any(word in NEGATIONS for word in t.rpartition("was ")[2].split()) for t in texts]
    assert abs(np.mean(negated) - 0.5) < 0.04
    assert abs(np.corrcoef(negated, y)[0, 1]) < 0.06
    joints = [joint for text in texts for joint in values(text)[1]]
    assert abs(joints.count("and") / len(joints) - 0.5) < 0.04


def test_every_word_is_as_likely_as_others_of_its_kind(drawn):
    """And one clause as two or three; a negation stands in half of the clauses."""
    texts, _ = drawn
    clauses = np.array([len(values(text)[0]) for text in texts])
    assert np.bincount(clauses)[1:] / len(texts) == pytest.approx([1 / 3] * 3, abs=0.03)
    said = Counter(word for text in texts for word in text.split())
    total = clauses.sum()
    for kind, share in ((reviews.SUBJECTS, 1), (GOOD + BAD, 1), (NEGATIONS, 1 / 2)):
        expected = share * total / len(kind)
        assert all(abs(said[word] / expected - 1) < 0.15 for word in kind)
    for word, share in {"very": 1 / 4, "really": 1 / 4, "so": 1 / 4}.items():
        assert said[word] / total == pytest.approx(share, abs=0.02)
    for word, share in {"well": 1 / 3, "honestly": 1 / 3, "think": 1 / 4, "overall": 1 / 4}.items():
        assert said[word] / len(texts) == pytest.approx(share, abs=0.03)


def test_no_single_word_tells_the_verdict():
    texts, y = random_reviews(20_000, np.random.default_rng(5))
    counts = bags(padded_ids(texts))[:, 1:]
    correlations = [np.corrcoef(column, y)[0, 1] for column in counts.T]
    assert np.abs(correlations).max() < 0.035


def test_words_all_occur_and_fit(drawn):
    words = {word for text in drawn[0] for word in text.split()}
    assert words == set(VOCABULARY.symbols) - {reviews.PADDING}
    assert max(len(text.split()) for text in drawn[0]) == reviews.LONGEST


def test_exchanged_clauses_are_the_same_bag_with_the_other_verdict(drawn):
    tried = 0
    for text, y in zip(*drawn, strict=True):
        if values(text)[1][-1:] == ["but"]:
            other = exchanged(text)
            assert sorted(other.split()) == sorted(text.split())
            assert values(other)[0][-2:] == values(text)[0][-2:][::-1]
            assert reviews.verdict(other) == 1 - y and exchanged(other) == text
            tried += 1
    assert tried > 500


@pytest.mark.parametrize("text", ["the plot was good", "the plot was good and the cast was fresh"])
def test_only_but_is_exchanged_around(text):
    with pytest.raises(ValueError, match="joined by 'but'"):
        exchanged(text)


@pytest.mark.parametrize("text", ["", "the plot", "the plot was", "the plot was good good"])
def test_no_clause_no_verdict(text):
    with pytest.raises(ValueError, match="one adjective"):
        reviews.verdict(text)


def test_encode_pads_behind_or_in_front():
    texts = ["the plot was good", "well the cast was not flat overall"]
    behind, front = padded_ids(texts, 9), padded_ids(texts, 9, front=True)
    assert behind.shape == front.shape == (2, 9) and behind.dtype == np.int64
    for row, text in enumerate(texts):
        n = len(text.split())
        assert VOCABULARY.decode(behind[row, :n]) == text.replace(" ", "")
        assert not behind[row, n:].any() and not front[row, : 9 - n].any()
        assert (front[row, 9 - n :] == behind[row, :n]).all() and (behind[row, :n] > 0).all()


def test_encode_refuses_what_does_not_fit_or_is_unknown():
    with pytest.raises(ValueError, match="at most 3 words, got 4"):
        padded_ids(["the plot was good"], 3)
    with pytest.raises(ValueError, match="popcorn"):
        padded_ids(["the popcorn was good"])


def test_bags_count_words_and_no_padding():
    text = "the plot was good but the cast was not good"
    for front in (False, True):
        [bag] = bags(padded_ids([text], front=front))
        assert bag.dtype == np.float32
        counted = {VOCABULARY.symbols[i]: int(n) for i, n in enumerate(bag) if n}
        assert counted == {word: text.split().count(word) for word in text.split()}


def test_the_generator_alone_decides():
    first, again, other = (random_reviews(20, np.random.default_rng(seed))[0] for seed in (3, 3, 4))
    assert first == again != other


@pytest.mark.parametrize("wrong", [[[-1]], [[len(VOCABULARY)]], [[1.5]], [1, 2]])
def test_only_ids_of_the_vocabulary_are_counted(wrong):
    with pytest.raises(ValueError, match=r"ids must be (from 0 to|whole numbers|\(N, T\), got)"):
        bags(np.array(wrong))
