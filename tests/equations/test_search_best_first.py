"""The equations of book/sequence-to-sequence/search-best-first.md."""

import math

import numpy as np
import pytest
from prefix_tables import END, T, V, chance, finished, model, prefixes, start, stepping

from unrolled.decoding.search import best_first, exhaustive


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
