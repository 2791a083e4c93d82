"""What sentences of the page on Keras say."""

from collections import Counter, defaultdict

import numpy as np
import pytest

from unrolled.datasets import reviews


@pytest.fixture(scope="module")
def counted():
    """20,000 reviews: how often each kind of word occurs, (N, 5), and the verdicts."""
    texts, verdicts = reviews.random_reviews(20_000, np.random.default_rng(3))
    kinds = reviews.GOOD, reviews.BAD, reviews.NEGATIONS, ("and",), ("but",)
    counts = [[sum(w in kind for w in text.split()) for kind in kinds] for text in texts]
    return np.array(counts), verdicts, texts


def test_what_counting_can_decide(claim, counted):
    """For each bag of kinds of words the commoner verdict."""
    claim(
        "A hidden layer sees pairs, and comes close to what counting can decide, 19 reviews in 24."
    )
    counts, verdicts, _ = counted
    seen = defaultdict(Counter)
    for bag, verdict in zip(map(tuple, counts), verdicts, strict=True):
        seen[bag][int(verdict)] += 1
    best = sum(max(counter.values()) for counter in seen.values()) / len(verdicts)
    assert abs(best - 19 / 24) < 0.01


def test_weights_set_by_hand(claim, counted):
    """Praise counts most, and a negation speaks for the adjective's opposite."""
    claim(
        "(Weights set by hand can do a little better, as a line can part three corners of a square"
        " from the fourth.)"
    )
    counts, verdicts, _ = counted
    right = np.mean((counts @ (2, 1, -1, -1, 1) > 1.5) == verdicts)
    assert 0.6 < right < 0.7


def test_padding_after_the_last_word(claim, counted):
    """The shortest review beside the longest that the rule allows."""
    claim("Without the mask, padding is one more word, read up to twenty times after the last one.")
    assert reviews.LONGEST - min(len(text.split()) for text in counted[2]) == 20
