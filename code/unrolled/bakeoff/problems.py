"""The contests of the bake-off: what is to be learnt, from which sequences, and how it is tested.

Each contest asks for one answer after the last step. `CONTESTS` are the six in which every model
takes part. `EXTRA` holds those that a second look at some of the models needs.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy import ndarray

from unrolled import checks
from unrolled.datasets import tasks
from unrolled.datasets.sensors import ACTIVITIES, recordings
from unrolled.datasets.word_languages import LANGUAGES, labelled, letters

LETTERS, CODE = 16, 16  # of the longest word; signs that stand for one letter
HELD_OUT = 1000  # words for the choice of a rate, and as many others for the table
BITS, WITHHELD = 8, 64  # strings of so many bits, and how many of these are kept for the tests
PARTS = ("training", "choosing", "testing")
Make = Callable[[int, int, np.random.Generator, str], tuple[ndarray, ndarray]]


@dataclass(frozen=True, kw_only=True)
class Contest:
    """A problem, the sequences to learn from, and the tests.

    `make(T, N, rng, part)` makes N sequences x (T, N, D) and their answers y (N,) for one of
    PARTS.
    """

    make: Make
    D: int  # numbers at each step
    V: int  # classes; 1 if the answer is a number
    T: int  # steps of the longest sequences in training
    shortest: int  # and of the shortest
    goal: float  # share of right answers from which on it counts as learnt
    chance: float  # share of right answers of the best constant answer
    lengths: tuple[int, ...]  # of the sequences in the tests
    updates: int = 1000


def last(task: Callable) -> Make:
    """Turn a task of `datasets.tasks` into one that asks for its last answer alone."""

    checks.function(task=task)

    def make(T: int, N: int, rng: np.random.Generator, part: str) -> tuple[ndarray, ndarray]:
        x, y = task(T, N, rng)
        return x, y[-1]

    return make


def check_part(part: str) -> None:
    """ValueError unless this is one of PARTS."""
    if not isinstance(part, str) or part not in PARTS:
        raise ValueError(f"part must be one of {PARTS}, got {part!r}")


def withheld_parity(T: int, N: int, rng: np.random.Generator, part: str) -> tuple[ndarray, ndarray]:
    """Make strings of bits for parity; 64 of the 256 strings of 8 bits occur in tests alone.

    The tests at 8 bits ask for these 64 and no others. Raises ValueError for an unknown part.
    """
    check_part(part)
    checks.whole(T=T, N=N)
    checks.generator(rng)
    if T != BITS:
        return last(tasks.parity)(T, N, rng, part)
    order = np.random.default_rng(0).permutation(2**BITS)
    strings = order[:WITHHELD] if part == "testing" else order[WITHHELD:]
    chosen = strings[rng.integers(len(strings), size=N)]
    bits = chosen >> np.arange(BITS)[:, None] & 1  # (T, N)
    return bits[..., None].astype(np.float32), bits.sum(axis=0) % 2


def activity(T: int, N: int, rng: np.random.Generator, part: str) -> tuple[ndarray, ndarray]:
    """Make T readings of a sensor on somebody's hip; the answer is what they were doing."""
    check_part(part)
    return recordings(T, N, rng)


def word(T: int, N: int, rng: np.random.Generator, part: str) -> tuple[ndarray, ndarray]:
    """Choose words of up to T = 16 letters; the answer is the language.

    Each part has its own words. Raises ValueError for another T or an unknown part.
    """
    checks.integer(T=T)
    checks.whole(N=N)
    checks.generator(rng)
    if T != LETTERS or not isinstance(part, str) or part not in PARTS:
        raise ValueError(f"T must be {LETTERS} and part one of {PARTS}, got {T}, {part!r}")
    x, y = lexicon()
    bounds = {"testing": (0, HELD_OUT), "choosing": (HELD_OUT, 2 * HELD_OUT)}
    chosen = rng.integers(*bounds.get(part, (2 * HELD_OUT, len(y))), size=N)
    return x[:, chosen], y[chosen]


@cache
def lexicon() -> tuple[ndarray, ndarray]:
    """All words in a random order, x (16, words, CODE), and their languages y.

    Each letter is a row of random signs, the same for all models; before a word stand zeros, so
    that its last letter comes last.
    """
    words, y = labelled()
    rng = np.random.default_rng(0)
    kept = [i for i in rng.permutation(len(words)) if len(words[i]) <= LETTERS]
    vocabulary = letters(words)
    code = rng.choice([-1, 1], size=(len(vocabulary), CODE)).astype(np.float32)
    x = np.zeros((LETTERS, len(kept), CODE), np.float32)
    for n, i in enumerate(kept):
        x[LETTERS - len(words[i]) :, n] = code[vocabulary.encode(words[i])]
    return x, y[kept]


FROM_2_TO_24 = {"T": 24, "shortest": 2, "goal": 0.95, "lengths": (24, 48, 96)}
CONTESTS = {
    "gap": Contest(make=last(tasks.gap), D=4, V=4, chance=1 / 4, **FROM_2_TO_24),
    "parity": Contest(make=last(tasks.parity), D=1, V=2, chance=1 / 2, **FROM_2_TO_24),
    "adding": Contest(make=last(tasks.adding), D=2, V=1, chance=0.19, **FROM_2_TO_24),
    "words": Contest(
        make=word,
        D=CODE,
        V=len(LANGUAGES),
        T=LETTERS,
        shortest=LETTERS,
        goal=0.65,
        chance=0.11,
        lengths=(LETTERS,),
    ),
    "sensors": Contest(
        make=activity,
        D=3,
        V=len(ACTIVITIES),
        T=40,
        shortest=20,
        goal=0.95,
        chance=1 / 6,
        lengths=(40, 80, 160),
    ),
    # easier, to find out whether a model that fails at parity fails at its length
    "short parity": Contest(
        make=last(tasks.parity),
        D=1,
        V=2,
        T=BITS,
        shortest=2,
        goal=0.95,
        chance=1 / 2,
        lengths=(8, 16, 32),
        updates=3000,
    ),
}
# short parity without some of its strings: is it a rule or a list that has been learnt?
EXTRA = {
    "withheld parity": replace(CONTESTS["short parity"], make=withheld_parity, lengths=(8, 9, 16))
}
# five times the updates, for a model that may have been given too few
EXTRA |= {
    f"patient {name}": replace(CONTESTS[name], updates=5000)
    for name in ("gap", "parity", "adding", "words", "sensors")
}
