"""The equations of book/sequence-to-sequence/search.md, each against an independent route."""

import itertools
import math
from collections import defaultdict

import numpy as np
import pytest
from prefix_tables import END, T, V, model, prefixes, start, stepping

from unrolled.decoding import beam
from unrolled.decoding.search import best_first


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


def after(table, k, limit, at_start=1, added=None, threshold=None):
    """The three lines as printed, step by step; the rest are wrong versions."""
    live, finished = [(0.0, ())] * at_start, []
    for _ in range(limit):
        candidates = [
            (q + (np.log(p) if added is None else added(p)), (*path, v))
            for q, path in live
            for v, p in enumerate(table[path])
        ]
        best = sorted(candidates, reverse=True)
        finished += [c for c in best[: threshold or k] if c[1][-1] == END]
        live = [c for c in best if c[1][-1] != END][:k]
    return [q for q, _ in sorted(finished, reverse=True)[:k]]


@pytest.mark.equation("eq-search-update", tolerance=1e-12)
def test_update(check, rng):
    """Left: what the package's beam finishes, by tensors; right: the three lines, by sets."""
    k, limit = 3, T
    table = {}
    for path in prefixes():
        ends = 0.925 if len(path) == T - 1 else 0.05  # before that END is never among the best k
        table[path] = np.append((1 - ends) * rng.dirichlet(np.full(V - 1, 50.0)), ends)
    early = model(rng)  # END comes anywhere
    wrong = {
        "start": {"at_start": k},
        "sum": {"added": lambda p: p},
        "place": {"threshold": V * k},
    }
    left, right, bad, fewer = [], [], defaultdict(list), []
    for each in (table, early):
        found = beam(stepping(each), *start(), END, k, limit)
        ended = (found.tokens[0] == END).any(dim=1)
        left += found.scores[0][ended].tolist()
        right += after(each, k, limit)
        fewer += after(each, k - 1, limit, threshold=k)
        for name, change in wrong.items():
            bad[name] += after(each, k, limit, **change)
    size = len(left)
    planted = {
        "k equal ones at the start": np.resize(bad["start"], size),
        "probabilities added": np.resize(bad["sum"], size),
        "END from beyond the best k": np.resize(bad["place"], size),
        "one prefix fewer": np.resize(fewer, size),
    }
    check(np.array(left), np.array(right), planted=planted)


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
