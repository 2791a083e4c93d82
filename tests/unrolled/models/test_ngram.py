"""The n-gram model against counts made the slow way, one dictionary at a time."""

from collections import Counter
from itertools import product

import numpy as np
import pytest

from unrolled.models.ngram import SMOOTHINGS, NGram

V = 5


@pytest.fixture
def text():
    """Token 4 never occurs; 0 is frequent but follows nothing except 3."""
    rng = np.random.default_rng(7)
    ids = rng.integers(0, 3, size=60)
    return np.concatenate([np.insert(ids, np.arange(0, 60, 6), 3), [3, 0, 3, 0, 3, 0]])


def grams(ids, k):
    return [tuple(int(i) for i in ids[j : j + k]) for j in range(len(ids) - k + 1)]


def slow(ids, n, smoothing, context, token):
    """P(token | context) straight from the definitions."""
    k = len(context) + 1
    shorter = 1 / V if k == 1 else slow(ids, n, smoothing, context[1:], token)
    table = Counter(grams(ids, k))
    if smoothing == "kneser-ney" and k < n:
        table = Counter(g[1:] for g in set(grams(ids, k + 1)))
        table[grams(ids, k)[0]] += 1
    count = table[(*context, token)]
    after = [table[(*context, v)] for v in range(V)]
    total, types = sum(after), sum(c > 0 for c in after)
    if smoothing == "add-one":
        return (count + 1) / (total + V)
    if total == 0:
        return shorter
    if smoothing == "witten-bell":
        share = total / (total + types)
        return share * count / total + (1 - share) * shorter
    once, twice = (sum(c == m for c in table.values()) for m in (1, 2))
    D = once / (once + 2 * twice) if once else 0.5
    return max(count - D, 0) / total + D * types / total * shorter


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize("n", [1, 2, 4])
def test_every_distribution_is_the_slow_one_and_sums_to_one(text, n, smoothing):
    model = NGram.fit(text, n, V, smoothing)
    for length in range(n):
        for context in product(range(V), repeat=length):  # seen and never seen, all of them
            p = model.distribution(context)
            assert p.sum() == pytest.approx(1, abs=1e-12)
            assert p == pytest.approx([slow(text, n, smoothing, context, v) for v in range(V)])
            assert p.min() > 0


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize("T", [1, 3, 50])
def test_scoring_a_text_is_scoring_its_tokens(text, smoothing, T):
    model = NGram.fit(text, 4, V, smoothing)
    ids = np.random.default_rng(1).integers(0, V, size=T)
    each = [np.log(model.distribution(ids[:t])[ids[t]]) for t in range(T)]
    assert model.log_probabilities(ids) == pytest.approx(each)
    assert model.perplexity(ids) == pytest.approx(np.exp(-np.mean(each)))


def test_a_whole_text_has_probability_one_among_all_texts_of_its_length(text):
    model = NGram.fit(text, 3, V)
    texts = [np.array(ids) for ids in product(range(V), repeat=4)]
    assert sum(np.exp(model.log_probabilities(ids).sum()) for ids in texts) == pytest.approx(1)


def test_counts_are_those_of_the_text(text):
    model = NGram.fit(text, 3, V, "witten-bell")
    ids = np.array([3, 0, 3, 4, 4, 4])
    count, total, types = model.counts(ids)[1]
    pairs = Counter(grams(text, 2))
    assert list(count) == [pairs[tuple(g)] for g in grams(ids, 2)]
    assert list(total) == [sum(pairs[a, v] for v in range(V)) for a in ids[:-1]]
    assert list(types) == [sum(pairs[a, v] > 0 for v in range(V)) for a in ids[:-1]]


def test_a_long_context_does_not_overflow():
    ids = np.random.default_rng(0).integers(0, 1000, size=2000)
    model = NGram.fit(np.concatenate([ids, ids]), 12, 1000, "witten-bell")  # 1000^12 > 2^64
    assert model.counts(ids)[11][0].min() == 2


def test_better_than_chance_on_a_markov_chain_and_no_better_than_its_entropy():
    rng = np.random.default_rng(3)
    P = np.array([[0.1, 0.9, 0], [0, 0.2, 0.8], [0.7, 0, 0.3]])
    ids = [0]
    for _ in range(20_000):
        ids.append(int(rng.choice(3, p=P[ids[-1]])))
    train, rest = np.array(ids[:15_000]), np.array(ids[15_000:])
    truth = np.exp(-np.mean(np.log(P[rest[:-1], rest[1:]])))
    assert NGram.fit(train, 2, 3).perplexity(rest) == pytest.approx(truth, rel=0.01)
    assert NGram.fit(train, 1, 3).perplexity(rest) > 1.5 * truth


def test_samples_repeat_and_follow_the_distribution(text):
    model = NGram.fit(text, 3, V)
    a, b = (model.sample(20, np.random.default_rng(5), context=[1, 2]) for _ in range(2))
    assert list(a) == list(b)
    rng = np.random.default_rng(6)
    first = np.concatenate([model.sample(1, rng, context=[1, 2]) for _ in range(4000)])
    observed = np.bincount(first, minlength=V) / 4000
    assert observed == pytest.approx(model.distribution([1, 2]), abs=0.03)


@pytest.mark.parametrize(
    "args, message",
    [
        (([0, 1, 5], 2, V), "0…4"),
        (([0, -1, 2], 2, V), "0…4"),
        (([[0, 1], [1, 2]], 2, V), "one row"),
        (([0, 1], 3, V), "n must be in 1…2"),
        (([0, 1], 0, V), "n must be in 1…2"),
        (([0, 1], 2, V, "good-turing"), "smoothing must be one of"),
    ],
)
def test_wrong_input_says_what_was_expected(args, message):
    with pytest.raises(ValueError, match=message):
        NGram.fit(*args)


def test_no_text_has_no_perplexity(text):
    model = NGram.fit(text, 3, V)
    with pytest.raises(ValueError, match="at least one token, got none"):
        model.perplexity([])
    with pytest.raises(ValueError, match="integers in 0…4"):
        model.perplexity([1.7, 2.2])
    with pytest.raises(ValueError, match="length must be 0 tokens or more, got -1"):
        model.sample(-1, np.random.default_rng(0))
    assert len(model.sample(0, np.random.default_rng(0))) == 0
