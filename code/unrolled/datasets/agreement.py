"""Made-up sentences in which a verb must agree with a noun that stands far before it.

    the keys | that the old man in the blue coat dropped on the stairs | were found .

A sentence is a subject, some clauses, and *was* or *were* with what has happened. Every clause
brings two or three nouns of its own, and each is singular or plural at random. The verb agrees
with the subject and with nothing else.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy import ndarray

from unrolled import checks

SINGULAR = ("key", "man", "coat", "stair", "woman", "dog", "box")
PLURAL = ("keys", "men", "coats", "stairs", "women", "dogs", "boxes")
ADJECTIVES = ("old", "blue", "small", "heavy")
PREPOSITIONS = ("in", "on", "near", "under")
ACTIONS = ("dropped", "saw", "liked", "moved")
ENDINGS = ("lost", "found", "sold")
VERBS = ("was", "were")  # for a singular and for a plural subject
WORDS = (
    *("the", "that", ".", *VERBS, *SINGULAR, *PLURAL),
    *(*ADJECTIVES, *PREPOSITIONS, *ACTIONS, *ENDINGS),
)
NUMBERS = {word: k for k, word in enumerate(WORDS)}
UNCOUNTED = -100  # a target that torch's cross-entropy leaves out


class Sentences(NamedTuple):
    """N sentences, a column for each, their words as numbers, places in `WORDS`."""

    x: ndarray  # (T, N); after a sentence's end come full stops
    y: ndarray  # (T, N) the word that follows; UNCOUNTED after the end
    plural: ndarray  # (N,) whether the subject is
    verb: ndarray  # (N,) the t at which y[t] is was or were


def sentence(clauses: int, rng: np.random.Generator, plural: bool) -> list[str]:
    """The words of a sentence with so many clauses between a subject of this number and its verb.

    Raises ValueError for fewer than no clauses.
    """
    checks.integer(clauses=clauses)
    checks.generator(rng)
    if clauses < 0:
        raise ValueError(f"clauses must be 0 or more, got {clauses}")
    plural = bool(plural)
    words = _noun(rng, plural)
    for _ in range(clauses):
        words += _clause(rng)
    return [*words, VERBS[plural], _any(ENDINGS, rng), "."]


def sentences(clauses: Sequence[int], N: int, rng: np.random.Generator) -> Sentences:
    """N sentences, each with one of these numbers of clauses, and singular or plural, evenly."""
    checks.whole(1, N=N)
    checks.generator(rng)
    for count in (clauses := checks.items("clauses", clauses)):
        checks.whole(0, 10_000, **{"each of clauses": count})
    checks.whole(1, **{"number of clauses": len(clauses)})
    plural = rng.integers(2, size=N) == 1
    drawn = [sentence(_any(clauses, rng), rng, bool(of_one)) for of_one in plural]
    T = max(map(len, drawn)) - 1
    x, y = np.full((T, N), NUMBERS["."]), np.full((T, N), UNCOUNTED)
    for n, words in enumerate(drawn):
        ids = [NUMBERS[word] for word in words]
        x[: len(ids) - 1, n], y[: len(ids) - 1, n] = ids[:-1], ids[1:]
    verb = np.array([len(words) - 4 for words in drawn])  # the last word before the verb
    return Sentences(x, y, plural, verb)


def _clause(rng: np.random.Generator) -> list[str]:
    """*that the man in the coat dropped*, *that the man dropped on the stairs*, or both in one."""
    kind, words = rng.integers(3), ["that", *_noun(rng)]
    if kind != 1:
        words += [_any(PREPOSITIONS, rng), *_noun(rng)]
    words += [_any(ACTIONS, rng)]
    if kind != 0:
        words += [_any(PREPOSITIONS, rng), *_noun(rng)]
    return words


def _noun(rng: np.random.Generator, plural: bool | None = None) -> list[str]:
    """*the*, every second time an adjective, and a noun, by default of either number."""
    plural = rng.integers(2) if plural is None else plural
    adjective = [_any(ADJECTIVES, rng)] if rng.integers(2) else []
    return ["the", *adjective, _any(PLURAL if plural else SINGULAR, rng)]


def _any(choices: Sequence, rng: np.random.Generator):
    return choices[rng.integers(len(choices))]
