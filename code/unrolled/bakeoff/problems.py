"""What the models of the bake-off are asked: one answer for each sequence."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy import ndarray

from unrolled.datasets import tasks
from unrolled.datasets.sensors import ACTIVITIES, recordings
from unrolled.datasets.word_languages import LANGUAGES, labelled, letters

LETTERS, CODE = 16, 16  # of the longest word; signs that stand for one letter
HELD_OUT = 1000  # words for the choice of a rate, and as many others for the table
PARTS = ("training", "choosing", "testing")


@dataclass(frozen=True)
class Contest:
    """`draw(T, N, rng, part)` gives x (T, N, D) and y (N,), for one of PARTS."""

    draw: Callable[[int, int, np.random.Generator, str], tuple[ndarray, ndarray]]
    D: int
    V: int  # classes; 1 if the answer is a number
    T: int  # the longest sequences to learn from
    shortest: int  # and the shortest
    learnt: float  # share of right answers from which on it counts as learnt
    chance: float  # share of right answers without looking
    lengths: tuple[int, ...]  # to be tested on
    steps: int = 1000  # updates


def last(task: Callable) -> Callable:
    """Of the answers of a task in `tasks` the last one."""

    def draw(T: int, N: int, rng: np.random.Generator, part: str) -> tuple[ndarray, ndarray]:
        x, y = task(T, N, rng)
        return x, y[-1]

    return draw


def activity(T: int, N: int, rng: np.random.Generator, part: str) -> tuple[ndarray, ndarray]:
    """What somebody does, from T readings of a sensor on the hip."""
    return recordings(T, N, rng)


def word(T: int, N: int, rng: np.random.Generator, part: str) -> tuple[ndarray, ndarray]:
    """Whose is a word of up to T = 16 letters? Each part has words of its own.

    Raises ValueError for another T or a part that does not exist.
    """
    if T != LETTERS or part not in PARTS:
        raise ValueError(f"T must be {LETTERS} and part one of {PARTS}, got {T}, {part!r}")
    x, y = lexicon()
    bounds = {"testing": (0, HELD_OUT), "choosing": (HELD_OUT, 2 * HELD_OUT)}
    chosen = rng.integers(*bounds.get(part, (2 * HELD_OUT, len(y))), size=N)
    return x[:, chosen], y[chosen]


@cache
def lexicon() -> tuple[ndarray, ndarray]:
    """All words, shuffled: x (16, words, CODE) and their languages y.

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


CONTESTS = {
    "gap": Contest(last(tasks.gap), 4, 4, 24, 2, 0.95, 1 / 4, (24, 48, 96)),
    "parity": Contest(last(tasks.parity), 1, 2, 24, 2, 0.95, 1 / 2, (24, 48, 96)),
    "adding": Contest(last(tasks.adding), 2, 1, 24, 2, 0.95, 0.19, (24, 48, 96)),
    "words": Contest(word, CODE, len(LANGUAGES), LETTERS, LETTERS, 0.65, 0.11, (LETTERS,)),
    "sensors": Contest(activity, 3, len(ACTIVITIES), 40, 20, 0.95, 1 / 6, (40, 80, 160)),
    # easier, to find out whether a model that fails at parity fails at its length
    "short parity": Contest(last(tasks.parity), 1, 2, 8, 2, 0.95, 1 / 2, (8, 16, 32), steps=3000),
}
# five times the updates, for a model that may have been given too few
PATIENT = {"patient sensors": replace(CONTESTS["sensors"], steps=5000)}
