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


def test_half_of_the_clauses_have_a_negation(claim, counted):
    """Of 20,000 reviews; each clause has one adjective."""
    claim(
        "A clause such as *the plot was not very good* has an adjective that praises or blames and,"
        " half of the time, a negation that turns it round."
    )
    counts, _, _ = counted
    adjectives, negations = counts[:, :2].sum(), counts[:, 2].sum()
    assert abs(negations / adjectives - 1 / 2) < 0.01


def test_no_single_word_tells_anything(claim, counted):
    """At weights of 0 the mean gradient is the mean of count times (1/2 - verdict)."""
    claim(
        "Adding up weights of words, trained by this loss, ends in guessing: a negation is as"
        " likely with either adjective, so no single word tells anything, and at weights of 0 the"
        " mean gradient is zero already."
    )
    _, verdicts, texts = counted
    bags = reviews.bags(reviews.padded_ids(texts)).astype(float)
    gradients = bags * (0.5 - verdicts)[:, None]
    error = np.maximum(gradients.std(axis=0) / np.sqrt(len(bags)), 1e-12)
    assert np.abs(gradients.mean(axis=0) / error).max() < 4


def test_weights_for_places_do_not_help(claim):
    """Newton's method for a logistic regression on word times place from the end."""
    claim("On new reviews no such sum does better than guessing.")

    def features(seed, N):
        texts, verdicts = reviews.random_reviews(N, np.random.default_rng(seed))
        ids = reviews.padded_ids(texts, front=True)
        marks = ids[:, :, None] == np.arange(1, len(reviews.VOCABULARY))
        return marks.reshape(N, -1).astype(float), verdicts

    (X, y), (X_new, y_new) = features(0, 6400), features(1, 4000)
    w = np.zeros(X.shape[1])
    for _ in range(6):
        p = 1 / (1 + np.exp(-X @ w))
        curvature = X.T @ (X * (p * (1 - p))[:, None]) + np.eye(len(w))
        w -= np.linalg.solve(curvature, X.T @ (p - y) + w)
    u = X_new @ w
    loss = np.mean(np.logaddexp(0, u) - y_new * u)
    assert loss > np.log(2) and abs(np.mean((u > 0) == y_new) - 1 / 2) < 0.04


def test_how_much_the_place_of_epsilon_matters(claim):
    """Adam's first step by both formulas, for a gradient of 0.001."""
    claim(
        "The second differs from it in nothing but the place of $\\varepsilon$, and is off by many"
        " times as much: at the first step Adam moves an entry with gradient $g$ by"
        " $\\eta|g|/(|g| + \\varepsilon')$, which for $|g| = 10^{-3}$ is $0.3\\,\\%$ less in Keras."
    )
    g, epsilon, beta_1, beta_2 = 1e-3, 1e-7, 0.9, 0.999
    m, v = (1 - beta_1) * g, (1 - beta_2) * g**2
    keras = np.sqrt(1 - beta_2) / (1 - beta_1) * m / (np.sqrt(v) + epsilon)
    torch = m / (1 - beta_1) / (np.sqrt(v / (1 - beta_2)) + epsilon)
    assert abs(keras - g / (g + epsilon / np.sqrt(1 - beta_2))) < 1e-12
    assert 0.0025 < 1 - keras / torch < 0.0035
