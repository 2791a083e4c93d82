"""The equations of book/practice/text-at-scale-pieces.md, by listing all cuts of a word."""

import math

import numpy as np
import pytest

from unrolled.practice import unigram

WORD = b"abbabab"


def cuts(word, pieces):
    """All ways to cut a word."""
    if not word:
        return [[]]
    return [
        [word[:e], *rest]
        for e in range(1, len(word) + 1)
        if word[:e] in pieces
        for rest in cuts(word[e:], pieces)
    ]


@pytest.fixture
def p(rng):
    pieces = [b"a", b"b", b"ab", b"ba", b"bab", b"abb", b"bb"]
    shares = rng.uniform(0.3, 1, len(pieces))
    return dict(zip(pieces, shares / shares.sum(), strict=True))


def product(cut, p):
    return math.prod(p[piece] for piece in cut)


def recursion(p, together, word=WORD):
    v = [1.0]
    for e in range(1, len(word) + 1):
        v.append(together([v[s] * p[word[s:e]] for s in range(e) if word[s:e] in p]))
    return np.array(v[1:])


@pytest.mark.equation("eq-scale-viterbi", tolerance=1e-12)
def test_viterbi(check, p):
    """Left: the largest product among all cuts of each beginning; right: as printed."""
    listed = [max(product(c, p) for c in cuts(WORD[:e], p)) for e in range(1, len(WORD) + 1)]
    planted = {
        "a sum": recursion(p, sum),
        "the first that fits": recursion(p, lambda values: values[0]),
        "the mean": recursion(p, lambda values: sum(values) / len(values)),
        "the smallest": recursion(p, min),
    }
    planted = {name: np.log(value) for name, value in planted.items()}  # products are small
    check(np.log(listed), np.log(recursion(p, max)), planted=planted)


@pytest.mark.equation("eq-scale-total", tolerance=1e-12)
def test_total(check, p):
    """Left: all cuts of each beginning, added; right: as printed."""
    listed = [sum(product(c, p) for c in cuts(WORD[:e], p)) for e in range(1, len(WORD) + 1)]
    planted = {
        "the best only": recursion(p, max),
        "the mean": recursion(p, lambda values: sum(values) / len(values)),
        "the last piece left out": np.array([1.0, *recursion(p, sum)[:-1]]),
    }
    check(np.array(listed), recursion(p, sum), planted=planted)


def uses(p, word=WORD, backwards=True, divided=True):
    """E[q] for each piece, as printed."""
    n = len(word)
    alpha = [1.0, *recursion(p, sum, word)]
    beta = [*recursion({q[::-1]: x for q, x in p.items()}, sum, word[::-1])[::-1], 1.0]
    if not backwards:
        beta = [1.0] * (n + 1)
    found = dict.fromkeys(p, 0.0)
    for s in range(n):
        for e in range(s + 1, n + 1):
            if word[s:e] in p:
                share = alpha[s] * p[word[s:e]] * beta[e] / (alpha[n] if divided else 1)
                found[word[s:e]] += share
    return np.array([found[q] for q in p])


def listed_uses(p, word=WORD):
    """E[q] for each piece, over the list of all cuts."""
    ways = cuts(word, p)
    total = sum(product(c, p) for c in ways)
    return np.array([sum(c.count(q) * product(c, p) for c in ways) / total for q in p])


@pytest.mark.equation("eq-scale-expected", tolerance=1e-12)
def test_expected(check, p):
    """Left: uses in all cuts, listed; right: as printed."""
    best = max(cuts(WORD, p), key=lambda c: product(c, p))
    planted = {
        "nothing behind the piece": uses(p, backwards=False),
        "not divided": uses(p, divided=False),
        "the best cut only": np.array([float(best.count(q)) for q in p]),
    }
    check(listed_uses(p), uses(p), planted=planted)


@pytest.mark.equation("eq-scale-em", tolerance=1e-10)
def test_em(check, p):
    """Left: the package's step; right: shares of the uses listed, as printed."""
    counts = {"abbabab": 3, "bab": 2, "abab": 4}
    log_p = {q: math.log(x) for q, x in p.items()}
    new, _ = unigram.em_step(counts, log_p)
    C = sum(n * listed_uses(p, word.encode()) for word, n in counts.items())
    once = sum(listed_uses(p, word.encode()) for word in counts)
    first = listed_uses(p)
    lengths = np.array([len(q) for q in p])
    planted = {
        "each word once": once / once.sum(),
        "one word only": first / first.sum(),
        "uses times length": C * lengths / (C * lengths).sum(),
        "not divided": C,
    }
    check(np.exp([new[q] for q in p]), C / C.sum(), planted=planted)
