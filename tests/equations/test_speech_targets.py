"""The equations of speech-targets.md, each against an independent route."""

import itertools
from functools import cache

import numpy as np
import pytest

from unrolled.decoding import edit_distance


def table(a, b, swap=lambda x, y: float(x != y), other=1):
    """The printed recursion."""
    d = np.zeros((len(a) + 1, len(b) + 1))
    d[:, 0], d[0] = range(len(a) + 1), range(len(b) + 1)
    for i, j in itertools.product(range(1, len(a) + 1), range(1, len(b) + 1)):
        d[i, j] = min(
            d[i - 1, j] + other, d[i, j - 1] + other, d[i - 1, j - 1] + swap(a[i - 1], b[j - 1])
        )
    return d[-1, -1]


@pytest.mark.equation("eq-speech-edit", tolerance=1e-12)
def test_edit(check, rng):
    """Left: breadth first, one edit at a time; right: the recursion."""

    @cache
    def within(text):  # all texts one edit away, of at most 5 letters
        made = set()
        for i in range(len(text) + 1):
            if len(text) < 5:
                made |= {text[:i] + c + text[i:] for c in "abc"}
            if i < len(text):
                made |= {text[:i] + text[i + 1 :], *(text[:i] + c + text[i + 1 :] for c in "abc")}
        return made

    def searched(a, b):
        steps, seen, wave = 0, {a}, {a}
        while b not in seen:
            wave = set().union(*map(within, wave)) - seen
            seen, steps = seen | wave, steps + 1
        return steps

    words = ["".join(rng.choice(list("abc"), size=n)) for n in (0, 1, 2, 3, 4, 4, 4)]
    pairs = [*itertools.product(words, words), ("abca", "bcab"), ("ab", "ba"), ("aaaa", "bbbb")]
    planted = {
        "a swap costs two": [table(a, b, swap=lambda x, y: 2.0 * (x != y)) for a, b in pairs],
        "equal letters cost": [table(a, b, swap=lambda x, y: 1.0) for a, b in pairs],
        "the common places only": [
            float(abs(len(a) - len(b)) + sum(x != y for x, y in zip(a, b, strict=False)))
            for a, b in pairs
        ],
    }
    check(
        np.array([searched(a, b) for a, b in pairs]),
        np.array([table(a, b) for a, b in pairs]),
        planted={name: np.array(values) for name, values in planted.items()},
    )


@pytest.mark.equation("eq-speech-rate", tolerance=1e-12)
def test_rate(check, rng):
    """Left: from texts with a known number of letters replaced, each by another; right: formula."""
    said, written, spoiled = [], [], 0
    for size in rng.integers(1, 12, size=9):
        text = rng.integers(0, 50, size=size)
        heard, wrong = text.copy(), rng.random(size) < 0.4
        heard[wrong] += 50  # letters that occur nowhere: nothing but replacing helps
        said, written, spoiled = (
            [*said, text.tolist()],
            [*written, heard.tolist()],
            spoiled + sum(wrong),
        )
    said, written = [*said, [1] * 20], [*written, [1] * 25]  # five too many
    left = (spoiled + 5) / sum(map(len, said))
    each = [edit_distance.distance(a, b) for a, b in zip(written, said, strict=True)]
    sizes = [len(text) for text in said]
    planted = {
        "the mean of the rates": np.mean(np.array(each) / sizes),
        "by what was written": sum(each) / sum(map(len, written)),
        "wrong texts": np.mean(np.array(each) > 0),
    }
    assert edit_distance.error_rate(written, said) == pytest.approx(left)
    check(left, sum(each) / sum(sizes), planted=planted)
