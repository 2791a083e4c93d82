"""The equations of book/sequence-to-sequence/search.md, each against an independent route."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest

from unrolled.decoding.search import best_first, exhaustive

V, T, END = 4, 5, 3  # symbols 0…V-1, END the last of them


def prefixes(V=V, T=T):
    """All paths without END that are shorter than T."""
    return [p for t in range(T) for p in itertools.product(range(V - 1), repeat=t)]


def model(rng, V=V, T=T):
    """A distribution for every prefix: {path: (V,)}."""
    return {path: rng.dirichlet(np.ones(V)) for path in prefixes(V, T)}


def finished(V=V, T=T):
    return [(*p, V - 1) for p in prefixes(V, T)]


def chance(table, path):
    return math.prod(table[path[:t]][v] for t, v in enumerate(path))


def stepping(table, asked=None):
    """The step function of a table; prefixes are kept in an array of objects, the state."""

    def step(state, tokens):
        paths = [
            () if v < 0 else (*path, v) for path, v in zip(state, tokens.tolist(), strict=True)
        ]
        if asked is not None:
            asked.extend(paths)
        state = np.empty(len(paths), object)
        state[:] = paths
        return np.log(np.stack([table[path] for path in paths])), state

    return step


def start():
    import torch

    return np.array([None], object), torch.tensor([-1])


@pytest.mark.equation("eq-search-score", tolerance=1e-12)
def test_score(check, rng):
    """Left: the log of a joint table, its entries by the chain rule; right: sums along paths."""
    joint = rng.dirichlet(np.ones(V**3)).reshape(V, V, V)  # P of three symbols
    left, right, shifted = [], [], []
    for path in itertools.product(range(V), repeat=3):
        left.append(np.log(joint[path]))
        y_hat = [joint[path[:t]].reshape(V, -1).sum(axis=1) for t in range(3)]
        y_hat = [row / row.sum() for row in y_hat]
        right.append(sum(np.log(y_hat[t][path[t]]) for t in range(3)))
        shifted.append(sum(np.log(y_hat[t][path[t - 1]]) for t in range(3)))
    planted = {
        "the symbol before": np.array(shifted),
        "the mean": np.array(right) / 3,
        "unconditional": np.log(
            [math.prod(joint.sum(axis=(1, 2))[list(p)]) for p in np.ndindex(V, V, V)]
        ),
    }
    check(np.array(left), np.array(right), planted=planted)


@pytest.mark.equation("eq-search-count", tolerance=1e-12)
def test_count(check, rng):
    """Left: the search lists them; middle and right: the sum and the closed form."""
    V, T = (int(n) for n in rng.permutation([3, 4, 5])[:2])
    number = len(exhaustive(stepping(model(rng, V, T)), *start(), V - 1, T))
    both = sum((V - 1) ** (t - 1) for t in range(1, T + 1)), ((V - 1) ** T - 1) / (V - 2)
    planted = {
        "V^T (deck D2)": (V**T, V**T),
        "END in the middle": (sum(V ** (t - 1) for t in range(1, T + 1)), (V**T - 1) / (V - 1)),
        "one step less": (both[0] - (V - 1) ** (T - 1), both[1]),
    }
    check((number, number), both, planted=planted)


def narrow():
    """The first symbol is anything but END, then comes symbol 0 again and again, at last END: all
    prefixes of a length that are likely at all are likelier than the best sentence."""
    table = {}
    for path in prefixes():
        likely = range(V - 1) if not path else [0] if len(path) < T - 1 else [V - 1]
        row = np.full(V, 0.001 / V)
        row[list(likely)] += 0.999 / len(likely)
        table[path] = row
    return table


@pytest.mark.equation("eq-search-visited", tolerance=1e-12)
def test_visited(check, rng):
    """Left: calls of best_first, counted, and no violation of the bound, which a second table all
    but reaches; right: prefixes above P*, by enumeration, and violations."""

    def searched(table):
        asked = []
        score, path = best_first(stepping(table, asked), *start(), END, T)
        best = max(chance(table, p) for p in finished())
        assert math.isclose(best, math.exp(score)) and math.isclose(best, chance(table, path))
        assert len(set(asked)) == len(asked)  # no prefix twice
        return len(asked), sum(chance(table, p) > best for p in table), best

    tables = [model(rng), narrow()]
    visited, above, best = np.array([searched(table) for table in tables]).T
    done = [sum(chance(t, p) >= b for p in finished()) for t, b in zip(tables, best, strict=True)]

    def printed(count=above, bound=T / best):
        return count, np.maximum(above - bound, 0)

    planted = {
        "T / P*": printed(T / best),
        "the finished counted, too": printed(above + done),
        "all prefixes": printed(np.array([len(table) for table in tables])),
        "1 / P* as bound": printed(bound=1 / best),
        "(T - 1) / P* as bound": printed(bound=(T - 1) / best),
    }
    check((visited, np.zeros(2)), printed(), planted=planted)


@pytest.mark.equation("eq-search-heap", tolerance=1e-12)
def test_heap(check, rng):
    """Left: replacements counted over all orders of n numbers; right: the sum, by H_n - H_k."""
    n, k = 7, int(rng.integers(1, 5))
    total = 0
    for order in itertools.permutations(range(n)):
        for i in range(k, n):
            total += order[i] > sorted(order[:i])[-k]
    left = total / math.factorial(n)

    def harmonic(m):
        return sum(1 / i for i in range(1, m + 1))

    right = sum(k / i for i in range(k + 1, n + 1)), k * (harmonic(n) - harmonic(k))
    planted = {
        "every candidate": (n - k, n - k),
        "from i = k": (right[0] + 1, right[1] + 1),
        "without k": (right[0] / k + (k == 1), right[1] / k + (k == 1)),
    }
    check((left, left), right, planted=planted)
    many, few = 40_000, int(rng.integers(50, 500))
    exact = few * (harmonic(many) - harmonic(few))

    def near(value):
        """As near as it can be: k ln(n/k) is too large by k/2k - k/2n and terms of 1/k."""
        return abs(value - exact - 0.5 + few / many / 2) < 1 / few

    assert near(few * math.log(many / few))
    for wrong in (math.log2(many / few), math.log(many), math.log(few / many)):
        assert not near(few * wrong)
    assert not near(math.log(many / few))


@pytest.mark.equation("eq-search-stop", tolerance=1e-12)
def test_stop(check, rng):
    """Left: the best value over continuations, with END at length L certain; right: s / T^α."""
    s, alpha, T = -rng.uniform(0.5, 9), rng.uniform(0.3, 1.5), int(rng.integers(6, 12))
    t = int(rng.integers(1, T - 2))
    values = [
        (s + later) / L**alpha
        for L in range(t + 1, T + 1)
        for later in (0.0, *-rng.exponential(size=20))
    ]
    planted = {
        "the next length": s / (t + 1) ** alpha,
        "the present length": s / t**alpha,
        "multiplied": s * T**alpha,
    }
    check(max(values), s / T**alpha, planted=planted)


@pytest.mark.equation("eq-search-crossing", tolerance=1e-12)
def test_crossing(check, rng):
    """Left: the first length at which exact search returns the empty sentence; right: formula."""
    a, epsilon = rng.uniform(0.3, 0.6), rng.uniform(0.001, 0.05)

    def best_of(L):
        """The right sentence: L - 1 times the symbol 0, then END = 2, each with probability a."""

        def row(path):
            if 1 in path:
                return [0, 1, 0]  # lost: never ends
            last, begin = len(path) == L - 1, len(path) == 0
            return [0 if last else a, 1 - a - epsilon * begin, a if last else epsilon * begin]

        table = {p: np.array(row(p)) for t in range(L) for p in itertools.product((0, 1), repeat=t)}
        with np.errstate(divide="ignore"):
            return best_first(stepping(table), *start(), 2, L)[1]

    left = next(L for L in itertools.count(2) if best_of(L) == (2,))
    ratio = math.log(epsilon) / math.log(a)
    planted = {
        "without the 1": math.floor(ratio),
        "upside down": 1 + math.floor(1 / ratio),
        "rounded up": 1 + math.ceil(ratio),
    }
    check(left, 1 + math.floor(ratio), planted=planted)


@pytest.mark.equation("eq-search-slope", tolerance=1e-8)
def test_slope(check, rng):
    """Left: central difference in L; right: the formula, positive."""
    log_p, alpha, L = -rng.uniform(1, 20), rng.uniform(0.3, 2), rng.uniform(2, 30)
    step = 1e-5 * L
    left = (log_p / (L + step) ** alpha - log_p / (L - step) ** alpha) / (2 * step)
    right = -alpha * log_p / L ** (alpha + 1)
    assert right > 0
    planted = {
        "the sign": -right,
        "a penalty on length": alpha * log_p * L ** (alpha - 1),
        "the exponent": -alpha * log_p / L**alpha,
    }
    check(left, right, planted=planted)


@pytest.mark.equation("eq-search-entropy", tolerance=1e-12)
def test_entropy(check, rng):
    """Left: the mean over all outcomes, cut ones included; right: entropies of the steps."""
    table = model(rng)
    outcomes = finished() + list(itertools.product(range(V - 1), repeat=T))
    P = np.array([chance(table, path) for path in outcomes])
    assert math.isclose(P.sum(), 1)

    def S(row):
        return -(row * np.log(row)).sum()

    right = -sum(chance(table, path) * S(row) for path, row in table.items())
    planted = {
        "every prefix alike": -sum(S(row) for row in table.values()),
        "the mean over the steps": right / T,
        "only finished ones": P[: len(finished())] @ np.log(P[: len(finished())]),
    }
    check(P @ np.log(P), right, planted=planted)


@pytest.mark.equation("eq-search-hit", tolerance=1e-12)
def test_hit(check, rng):
    """Left: summed over all outcomes of n draws from a table; right: the formula."""
    P, n = rng.dirichlet(np.ones(5)), 4
    best = int(P.argmax())
    left = sum(
        math.prod(P[list(draws)])
        for draws in itertools.product(range(5), repeat=n)
        if Counter(draws)[best] > 0
    )
    planted = {
        "n P": n * P[best],
        "P^n": P[best] ** n,
        "exactly once": n * P[best] * (1 - P[best]) ** (n - 1),
    }
    check(left, 1 - (1 - P[best]) ** n, planted=planted)
