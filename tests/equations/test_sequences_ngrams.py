"""The equations of `book/sequences/sequences-ngrams.md`, each computed by two routes."""

from collections import Counter
from itertools import product

import numpy as np
import pytest

from unrolled.models.ngram import NGram

V = 4


def uneven_text(rng, length=60):
    """Tokens 0 … V - 2, some pairs of which never come and some seldom: the tokens have different
    numbers of neighbours, after them (3, 2, 1) and before them (3, 1, 2)."""
    follows = np.zeros((V - 1, V - 1))
    for token, weights in enumerate([[9, 6, 2], [9, 0, 9], [9, 0, 0]]):
        follows[token] = rng.dirichlet(np.array(weights) + 1e-9)
    text = [0]
    for _ in range(length):
        text.append(int(rng.choice(V - 1, p=follows[text[-1]])))
    return np.array(text)


def grams(ids, k):
    return [tuple(ids[j : j + k].tolist()) for j in range(len(ids) - k + 1)]


def after(table, context):
    """n(c v) for all v, from a table of k-grams."""
    return np.array([table[(*context, v)] for v in range(V)], float)


CONTEXTS = list(product(range(V), repeat=2))


def for_all(distribution):
    """One row for each context of two tokens."""
    return np.array([distribution(c) for c in CONTEXTS])


@pytest.mark.equation("eq-sequences-add-one", tolerance=1e-12)
def test_add_one(check, rng):
    """Left the formula; right shares in a list of all trigrams to which each possible one is
    added once more, and the package; all contexts at once."""
    text = uneven_text(rng)
    table = Counter(grams(text, 3))
    n = for_all(lambda c: after(table, c))
    total = n.sum(axis=1, keepdims=True)
    longer = grams(text, 3) + list(product(range(V), repeat=3))

    def share(c):
        came = [gram[2] for gram in longer if gram[:2] == c]
        return np.array([came.count(v) / len(came) for v in range(V)])

    model = NGram.fit(text, 3, V, "add-one")
    planted = {
        "+ 1 below": (n + 1) / (total + 1),
        "seen tokens only": (n + 1) / (total + V - 1),
        "nothing added above": n / (total + V),
        "V² below": (n + 1) / (total + V**2),
    }
    left = (n + 1) / (total + V)
    right = (for_all(share), for_all(model.distribution))
    planted = {name: (wrong, wrong) for name, wrong in planted.items()}
    check((left, left), right, planted=planted)


def witten_bell(text, c, weight=lambda n, r: r, shorten=lambda c: c[1:], below=0):
    """As printed, by recursion, and P_{k-1} after a context never seen; `weight` is r(c)."""
    shorter = witten_bell(text, shorten(c), weight, shorten, below) if c else np.full(V, 1 / V)
    n = after(Counter(grams(text, len(c) + 1)), c)
    if not n.any():
        return shorter
    r = weight(n, np.sum(n > 0))
    return (n + r * shorter) / (n.sum() + r + below)


def by_reading(text, c):
    """Whenever a token comes after c, or comes there for the first time, a ticket: with its
    name, or blank. Draw one; a blank asks the shorter context."""
    shorter = by_reading(text, c[1:]) if c else np.full(V, 1 / V)
    tickets, known = [], set()
    for gram in grams(text, len(c) + 1):
        if gram[:-1] == tuple(c):
            tickets.append(np.eye(V)[gram[-1]])
            if gram[-1] not in known:
                tickets.append(shorter)
            known.add(gram[-1])
    return np.mean(tickets, axis=0) if tickets else shorter


@pytest.mark.equation("eq-sequences-witten-bell", tolerance=1e-12)
def test_witten_bell(check, rng):
    """Left the formula on dictionaries of counts; right a draw of tickets, collected in one
    reading of the text, and the package; all contexts at once."""
    text = uneven_text(rng)
    model = NGram.fit(text, 3, V, "witten-bell")
    left = for_all(lambda c: witten_bell(text, c))
    right = (for_all(lambda c: by_reading(text, c)), for_all(model.distribution))
    wrong = {
        "V for r(c)": {"weight": lambda n, r: V},
        "1 for r(c)": {"weight": lambda n, r: 1},
        "r(c) among the tokens seen once": {"weight": lambda n, r: np.sum(n == 1)},
        "the newest token dropped": {"shorten": lambda c: c[:-1]},
        "one more below": {"below": 1},
    }
    planted = {
        name: 2 * (for_all(lambda c, options=options: witten_bell(text, c, **options)),)
        for name, options in wrong.items()
    }
    check((left, left), right, planted=planted)


def neighbour_counts(text, k, begin=False):
    """n_k for k < n: how many different tokens came before each k-gram. With `begin`, the
    beginning of the text is one of them, as in the package."""
    before = {(a, *rest) for a, *rest in grams(text, k + 1)}
    if begin:
        before.add(("beginning", *grams(text, k)[0]))
    return Counter(gram[1:] for gram in before)


def discount_of(table):
    once, twice = (sum(count == m for count in table.values()) for m in (1, 2))
    return once / (once + 2 * twice) if once else 0.5


def kneser_ney(text, n, c, freed=lambda d, r: d * r, tables=None, shorten=lambda c: c[1:]):
    """As printed, by recursion, and P_{k-1} after a context never seen; d_k = 1/2 where nothing
    was counted once. `tables` is k -> n_k."""
    k = len(c) + 1
    tables = tables or (lambda k: neighbour_counts(text, k) if k < n else Counter(grams(text, k)))
    shorter = kneser_ney(text, n, shorten(c), freed, tables, shorten) if c else np.full(V, 1 / V)
    n_k, d = after(tables(k), c), discount_of(tables(k))
    if not n_k.any():
        return shorter
    r = np.sum(n_k > 0)
    return (np.maximum(n_k - d, 0) + freed(d, r) * shorter) / n_k.sum()


def by_handing_on(text, n, c):
    """Heaps of n_k(c v) grains each; every heap gives d_k away, the pool is dealt out like P_{k-1},
    and the shares of all grains are taken. Neighbours are looked for token by token."""
    shorter = by_handing_on(text, n, c[1:]) if c else np.full(V, 1 / V)
    k = len(c) + 1
    found = {}
    for gram in set(product(range(V), repeat=k)) & set(grams(text, k)):
        with_neighbour = [(a, *gram) for a in range(V)] if k < n else [gram]
        longer = grams(text, k + 1) if k < n else grams(text, k)
        found[gram] = sum(
            min(longer.count(g), 1) if k < n else longer.count(g) for g in with_neighbour
        )
    heaps = {v: float(found[*c, v]) for v in range(V) if found.get((*c, v))}
    if not heaps:
        return shorter
    d, pool = discount_of(found), 0.0
    for v in heaps:
        heaps[v] -= d
        pool += d
    grains = np.array([heaps.get(v, 0) for v in range(V)]) + pool * shorter
    return grains / grains.sum()


@pytest.mark.equation("eq-sequences-kneser-ney", tolerance=1e-12)
def test_kneser_ney(check, rng):
    """Left the formula on dictionaries of counts; right grains that change heaps, counted by
    brute force, and the package, for which the beginning of the text came before it."""
    text = uneven_text(rng)

    def as_package(k):
        return neighbour_counts(text, k, begin=True) if k < 3 else Counter(grams(text, k))

    model = NGram.fit(text, 3, V)
    right = (for_all(lambda c: by_handing_on(text, 3, c)), for_all(model.distribution))
    left = (
        for_all(lambda c: kneser_ney(text, 3, c)),
        for_all(lambda c: kneser_ney(text, 3, c, tables=as_package)),
    )
    wrong = {
        "ordinary counts in short contexts": {"tables": lambda k: Counter(grams(text, k))},
        "neighbours in the longest, too": {"tables": lambda k: neighbour_counts(text, k)},
        "one discount handed on": {"freed": lambda d, r: d},
        "r without d": {"freed": lambda d, r: r},
        "the newest token dropped": {"shorten": lambda c: c[:-1]},
    }
    planted = {
        name: (for_all(lambda c, options=options: kneser_ney(text, 3, c, **options)), left[1])
        for name, options in wrong.items()
    }
    check(left, right, planted=planted)


@pytest.mark.equation("eq-sequences-marginal", tolerance=1e-12)
def test_marginal(check, rng):
    """Left bigrams smoothed by the formula and averaged, right how often each token came."""
    text, D = uneven_text(rng), 0.7
    n = np.zeros((V, V))
    for pair in grams(text, 2):
        n[pair] += 1
    r, total = (n > 0).sum(axis=1), n.sum(axis=1)

    def averaged(weights, weigh=total, freed=D):
        P_1, seen = weights / weights.sum(), total > 0
        P_2 = (np.maximum(n - D, 0) + freed * r[:, None] * P_1)[seen] / total[seen, None]
        return weigh[seen] @ P_2

    n_1 = after(neighbour_counts(text, 1), ())  # different tokens before, as for eq-…-kneser-ney
    right = np.array([np.sum(text[1:] == v) for v in range(V)])
    planted = {
        "ordinary counts": averaged(right),
        "even guess": averaged(np.ones(V)),
        "seen tokens alike": averaged(n_1 > 0),
        "different tokens after, not before": averaged(r),
        "contexts weighed alike": averaged(n_1, weigh=np.full(V, total.mean())),
        "all of the count handed on": averaged(n_1, freed=1),
    }
    check(averaged(n_1), right, planted=planted)
