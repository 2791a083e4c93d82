"""n-gram language models, smoothed by Kneser-Ney, Witten-Bell or add-one.

An n-gram model takes P(x_t | x_1 … x_{t-1}) to depend on the last n - 1 tokens alone. The
k-grams of a text, k = 1…n, are numbered: a k-gram is the number of its first k - 1 tokens and its
last token, packed into one integer `number * V + token`, so that counting is sorting, scoring is a
binary search, and no key outgrows 64 bits whatever V^n is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from unrolled import checks

SMOOTHINGS = ("kneser-ney", "witten-bell", "add-one")


@dataclass
class Table:
    """The distinct k-grams of a text for one k. A k-gram's number is its place in `keys`.

    Every count ends in an extra 0, so that the number -1, "never seen", reads a count of 0.
    """

    keys: ndarray  # (K,) sorted: number of the first k - 1 tokens, times V, plus the last token
    count: ndarray  # (K + 1,) how often the k-gram was counted
    total: ndarray  # (contexts + 1,) sum of the counts that begin with this (k-1)-gram
    types: ndarray  # (contexts + 1,) how many different tokens followed this (k-1)-gram
    discount: float  # Kneser and Ney's n_1 / (n_1 + 2 n_2), n_c k-grams being counted c times

    @classmethod
    def of(cls, keys: ndarray, count: ndarray, contexts: int, V: int) -> "Table":
        """Sum the counts (K,) of the sorted keys (K,) over each of the contexts."""
        total = np.bincount(keys // V, weights=count, minlength=contexts + 1)
        types = np.bincount(keys // V, minlength=contexts + 1)
        once, twice = np.sum(count == 1), np.sum(count == 2)
        discount = once / (once + 2 * twice) if once else 0.5  # any in (0, 1): no rare k-gram
        return cls(keys, np.append(count, 0), total, types, float(discount))

    def find(self, context: ndarray, token: ndarray, V: int) -> ndarray:
        """Numbers of the k-grams that add a token to these (k-1)-grams; -1 where never seen."""
        key = context * V + token  # negative, so in no table, where the context is -1
        place = np.minimum(np.searchsorted(self.keys, key), len(self.keys) - 1)
        return np.where(self.keys[place] == key, place, -1)


@dataclass
class NGram:
    """A smoothed n-gram model over V tokens. Make one from a text with `NGram.fit`."""

    n: int
    V: int
    smoothing: str
    tables: list[Table]  # tables[k - 1] holds the k-grams

    @classmethod
    def fit(cls, ids: ndarray, n: int, V: int, smoothing: str = "kneser-ney") -> "NGram":
        """Count the k-grams, k = 1…n, of a text given as token ids (T,), each in 0…V-1.

        Interpolated with one discount for each k (Kneser and Ney 1995; Witten and Bell 1991).
        ValueError for ids, n or smoothing out of range.
        """
        checks.whole(1, V=V)
        checks.integer(n=n)
        ids = _checked(ids, V)
        if not 1 <= n <= len(ids):
            raise ValueError(f"n must be in 1…{len(ids)}, the length of the text, got {n}")
        if smoothing not in SMOOTHINGS:
            raise ValueError(f"smoothing must be one of {SMOOTHINGS}, got {smoothing!r}")
        tables = [Table.of(*row, V) for row in _count(ids, n, V, smoothing == "kneser-ney")]
        return cls(n, V, smoothing, tables)

    def counts(self, ids: ndarray) -> list[tuple[ndarray, ndarray, ndarray]]:
        """For k = 1…n the counts behind the tokens k…T of ids (T,), each array (T - k + 1,):
        of the token after its k - 1 predecessors, of those predecessors with any token after
        them, and of the different tokens seen after them."""
        rows, ids = [], _checked(ids, self.V)
        number = np.zeros(len(ids) + 1, int)
        for k, table in enumerate(self.tables, start=1):
            context, number = number[:-1], table.find(number[:-1], ids[k - 1 :], self.V)
            rows.append((table.count[number], table.total[context], table.types[context]))
        return rows

    def log_probabilities(self, ids: ndarray) -> ndarray:
        """ids (T,) -> log P(x_t | the n - 1 tokens before), (T,), in nats; the first n - 1
        tokens are predicted from those before them in ids."""
        ids = _checked(ids, self.V)
        p = np.full(len(ids), 1 / self.V)  # without a count, every token is as likely
        for k, counts in enumerate(self.counts(ids), start=1):
            p[k - 1 :] = self.smooth(k, *counts, p[k - 1 :])
        return np.log(p)

    def smooth(
        self, k: int, count: ndarray, total: ndarray, types: ndarray, shorter: ndarray
    ) -> ndarray:
        """Probabilities from counts after k - 1 tokens and the probabilities after k - 2.

        Equations eq-sequences-add-one, eq-sequences-witten-bell, eq-sequences-kneser-ney.
        """
        if self.smoothing == "add-one":
            return (count + 1) / (total + self.V)
        if self.smoothing == "witten-bell":
            return _ratio(count + types * shorter, total + types, shorter)
        D = self.tables[k - 1].discount
        return _ratio(np.maximum(count - D, 0) + D * types * shorter, total, shorter)

    def perplexity(self, ids: ndarray) -> float:
        """exp of the mean negative log-probability of the tokens (eq-sequences-perplexity)."""
        if _checked(ids, self.V).size == 0:
            raise ValueError("ids: perplexity needs at least one token, got none")
        return float(np.exp(-self.log_probabilities(ids).mean()))

    def distribution(self, context: Sequence[int] | ndarray) -> ndarray:
        """P(· | context), (V,); tokens further back than n - 1 are ignored."""
        context = _checked(context, self.V, "context")
        context = context[max(0, len(context) - self.n + 1) :]
        p = np.full(self.V, 1 / self.V)
        for k in range(1, len(context) + 2):
            number = np.zeros(1, int)
            for table, token in zip(self.tables, context[len(context) - k + 1 :], strict=False):
                number = table.find(number, token, self.V)
            table = self.tables[k - 1]
            count = table.count[table.find(number, np.arange(self.V), self.V)]  # (V,)
            p = self.smooth(k, count, table.total[number], table.types[number], p)
        return p

    def sample(
        self, length: int, rng: np.random.Generator, context: Sequence[int] | ndarray = ()
    ) -> ndarray:
        """Draw tokens one after the other, each given those before it -> (length,)."""
        checks.integer(length=length)
        if length < 0:
            raise ValueError(f"length must be 0 tokens or more, got {length}")
        checks.generator(rng)
        ids = list(_checked(context, self.V, "context"))
        for _ in range(length):
            p = self.distribution(ids[max(0, len(ids) - self.n + 1) :])
            ids.append(int(rng.choice(self.V, p=p)))
        return np.array(ids[len(context) :], int)


def _count(ids: ndarray, n: int, V: int, neighbours: bool) -> list[list]:
    """For k = 1…n: the sorted keys of the k-grams, their counts, the number of (k-1)-grams.

    With `neighbours`, a k-gram shorter than n is counted by how many different tokens came
    before it (Kneser and Ney 1995), not by how often it came.
    """
    rows = []
    number = np.zeros(len(ids) + 1, int)  # of the (k-1)-gram that begins at each place
    for k in range(1, n + 1):
        shorter, contexts = number, int(number.max()) + 1
        keys, first, number, count = np.unique(
            shorter[:-1] * V + ids[k - 1 :],
            return_index=True,
            return_inverse=True,
            return_counts=True,
        )
        if neighbours and k > 1:  # each different k-gram is a neighbour of its last k - 1 tokens
            before = np.bincount(shorter[first + 1], minlength=contexts)
            before[shorter[0]] += 1  # the beginning of the text is a neighbour too
            rows[-1][1] = before
        rows.append([keys, count, contexts])
    return rows


def _ratio(a: ndarray, b: ndarray, otherwise: ndarray) -> ndarray:
    """a / b, and `otherwise` where b = 0: after a context never seen."""
    return np.divide(a, b, out=np.array(otherwise), where=b > 0)


def _checked(ids: Sequence[int] | ndarray, V: int, name: str = "ids") -> ndarray:
    ids = checks.array(name, ids)
    whole = ids.dtype.kind in "iu" or ids.size == 0
    if not whole or ids.ndim != 1 or (len(ids) and not 0 <= ids.min() <= ids.max() < V):
        raise ValueError(f"{name} must be one row of integers in 0…{V - 1}, got {ids!r}")
    return ids.astype(int, copy=False)
