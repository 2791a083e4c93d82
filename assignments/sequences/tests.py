"""Problem set 1: what its sheet prints, and the tests of its tasks."""

import math
from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
from numpy import ndarray

from unrolled.grading.draw import Draw
from unrolled.grading.tasks import ProblemSet, Wrong, close, equal
from unrolled.layers.loss import rows_cross_entropy, softmax

SET = ProblemSet(
    "Counting what comes next", ["pairs", "smoothing", "perplexity", "gradient", "message"]
)
SIGNS = ".abcdefghijklmnopqrstuvwxyz"

# Ways to mix the counts with the shorter model: in TeX, in the solution, pair by pair, numbers
SMOOTHINGS = {
    "added": (
        r"P(v\mid c) = \frac{n(c\,v) + %s\,r(c)\,P_1(v)}{n(c\,\cdot) + %s\,r(c)}",
        "(C + %s * r * P_1) / (total + %s * r)",
        lambda m, n, total, r, p: (n + m * r * p) / (total + m * r),
        (0.5, 1.5, 2.0, 3.0),
    ),
    "taken": (
        r"P(v\mid c) = \frac{\max(n(c\,v) - %s,\ 0) + %s\,r(c)\,P_1(v)}{n(c\,\cdot)}",
        "(np.maximum(C - %s, 0) + %s * r * P_1) / total",
        lambda m, n, total, r, p: (max(n - m, 0) + m * r * p) / total,
        (0.3, 0.4, 0.6, 0.7),
    ),
    "shared": (
        r"P(v\mid c) = \Bigl(1 - \frac{%s\,r(c)}{n(c\,\cdot)}\Bigr)\frac{n(c\,v)}{n(c\,\cdot)}"
        r" + \frac{%s\,r(c)}{n(c\,\cdot)}\,P_1(v)",
        "(1 - %s * r / total) * C / total + %s * r / total * P_1",
        lambda m, n, total, r, p: (1 - m * r / total) * n / total + m * r / total * p,
        (0.3, 0.4, 0.6, 0.7),
    ),
}
SENTENCES = (
    ("the old", "the young", "a tired", "our quiet", "the other", "my second"),
    ("captain", "gardener", "teacher", "painter", "doctor", "watchman"),
    ("waits for you", "has left the key", "will open the gate", "keeps your letter"),
    ("behind the", "under the", "near the", "across from the"),
    ("station", "museum", "harbour", "library", "market", "chapel"),
    ("at seven", "after dark", "before noon", "on sunday", "at midnight", "until friday"),
)


@SET.given
def given(draw: Draw) -> dict:
    way = draw.choice(sorted(SMOOTHINGS))
    tex, python, _, numbers = SMOOTHINGS[way]
    m = draw.choice(numbers)
    key, step, mirror = (
        draw.between(1, 26),
        draw.choice((2, 4, 5, 7, 8)),
        draw.choice((False, True)),
    )
    plain = ".".join(draw.choice(words) for words in SENTENCES).replace(" ", ".")
    banana = np.array([[0, 0, 1, 0], [1, 0, 0, 2], [0, 1, 0, 0], [0, 2, 0, 0]])
    example = encipher(numbers_of("banana"), 5, step, mirror, 27)
    return {
        "way": way,
        "m": m,
        "formula": tex % (f"{m:g}", f"{m:g}"),
        "smoothed": python % (m, m),
        "after_a": smoothed(way, m, banana, np.array([0.4, 0.3, 0.2, 0.1]))[1].round(4).tolist(),
        "step": step,
        "mirror": mirror,
        "rule": rf"(k + {step}\,t {'-' if mirror else '+'} x_t) \bmod V",
        "back": f"(k + {step} * t - ids) % V" if mirror else f"(ids - k - {step} * t) % V",
        "flat": "(k - ids) % V" if mirror else "(ids - k) % V",
        "forth": f"(ids - k + {step} * t) % V" if mirror else f"(ids + k + {step} * t) % V",
        "banana": "".join(SIGNS[v] for v in example),
        "plain": plain,
        "cipher": "".join(
            SIGNS[v] for v in encipher(numbers_of(plain), key, step, mirror, len(SIGNS))
        ),
    }


def numbers_of(text: str) -> ndarray:
    return np.array([SIGNS.index(sign) for sign in text])


def encipher(ids: ndarray, key: int, step: int, mirror: bool, V: int) -> ndarray:
    moved = [key + step * t + (-v if mirror else v) for t, v in enumerate(ids.tolist())]
    return np.array([number % V for number in moved])


def smoothed(way: str, m: float, C: ndarray, P_1: ndarray) -> ndarray:
    """The table of the sheet's formula, pair by pair, where every context occurs."""
    formula = SMOOTHINGS[way][2]
    rows = []
    for row in C.tolist():
        kinds = sum(n > 0 for n in row)
        rows.append([formula(m, n, sum(row), kinds, p) for n, p in zip(row, P_1, strict=True)])
    return np.array(rows)


def tokens(draw: Draw, T: int, V: int) -> ndarray:
    """T tokens, small ones more often."""
    return (draw.uniform(T, low=0.0) ** 1.5 * V).astype(np.int64)


def distributions(draw: Draw, *shape: int) -> ndarray:
    """Rows of positive probabilities, some of them far larger than others."""
    raw = draw.uniform(*shape, low=0.05) ** 3
    return raw / raw.sum(axis=-1, keepdims=True)


def pair(got: Any, what: str) -> tuple:
    if type(got) is not tuple or len(got) != 2:
        raise Wrong(f"{what} should be a tuple of two")
    return got


@SET.test("pairs", 2, "counts the pairs of a text of some hundred tokens")
def long_text(student, given, draw):
    V = draw.between(6, 9)
    ids = tokens(draw, draw.between(300, 400), V)
    count = Counter(pairwise(ids.tolist()))
    wanted = np.array([[count[c, v] for v in range(V)] for c in range(V)])
    equal(student.pair_counts(ids, V), wanted, "the table")


@SET.test("pairs", 1, "counts short texts, in a vocabulary with tokens that do not occur in them")
def short_texts(student, given, draw):
    V = draw.between(6, 9)
    for length in 0, 1, 2:
        ids = np.array(draw.sample(range(V), 2)[:length], np.int64)
        wanted = np.zeros((V, V), np.int64)
        if length == 2:
            wanted[ids[0], ids[1]] = 1
        equal(student.pair_counts(ids, V), wanted, f"the table for {length} tokens")


@SET.test("smoothing", 3, "gives the probabilities of your sheet's formula", practice=False)
def formula(student, given, draw):
    V = draw.between(6, 9)
    C = (12 * draw.uniform(V, V, low=0.0) ** 4).astype(np.int64)
    C += np.eye(V, dtype=np.int64)[:, ::-1]  # so that each context occurs
    P_1 = distributions(draw, V)
    close(student.smooth(C, P_1), smoothed(given["way"], given["m"], C, P_1), "the table")


@SET.test("smoothing", 2, "gives probabilities after every context, also one that never occurred")
def never_seen(student, given, draw):
    V = draw.between(6, 9)
    C = (12 * draw.uniform(V, V, low=0.0) ** 4).astype(np.int64)
    C += np.eye(V, dtype=np.int64)[:, ::-1]
    *never, one = draw.sample(range(V), 3)
    token = draw.below(V)
    C[[*never, one]], C[one, token] = 0, 7
    P_1 = distributions(draw, V)
    P = student.smooth(C, P_1)
    if type(P) is not ndarray or P.shape != (V, V) or not (P > 0).all():
        raise Wrong("the table should have one positive probability for each pair of tokens")
    close(P.sum(axis=1), np.ones(V), "the sum over what may follow a context")
    close(P[never], np.tile(P_1, (2, 1)), "what follows a context that never occurred")
    if not P[one, token] > P_1[token]:
        raise Wrong("what always followed a context should be likelier there than elsewhere")


def surprise(P: ndarray, ids: ndarray) -> float:
    """Sum of -log P over all tokens but the first."""
    return -sum(math.log(P[c, v]) for c, v in pairwise(ids))


@SET.test("perplexity", 2, "gives the perplexity of one text, and of several of unlike lengths")
def unlike_lengths(student, given, draw):
    V = draw.between(5, 8)
    P = distributions(draw, V, V)
    texts = [tokens(draw, length, V) for length in (9, 3, 41)]
    for some in texts[:1], texts:
        L = sum(surprise(P, ids) for ids in some) / sum(len(ids) - 1 for ids in some)
        got = student.perplexity(P, some)
        close(got, math.exp(L), f"the perplexity of {len(some)} text(s)")


@SET.test("perplexity", 1, "gives the perplexity of a text of twenty thousand tokens")
def very_long(student, given, draw):
    P, ids = distributions(draw, 7, 7), tokens(draw, 20_000, 7)
    close(student.perplexity(P, [ids]), math.exp(surprise(P, ids) / 19_999), "the perplexity")


@SET.test("perplexity", 1, "is 1 at best and infinite at worst; a text of one token adds nothing")
def extremes(student, given, draw):
    V = draw.between(4, 6)
    P = np.roll(np.eye(V), 1, axis=1)  # after each token the next one, for certain
    certain, alone = np.arange(V), np.array([draw.below(V)])
    close(student.perplexity(P, [alone, certain]), 1.0, "the perplexity of a certain text")
    got = student.perplexity(P, [certain, certain[::-1].copy()])
    close(got, math.inf, "the perplexity of a text with a token that had probability 0")


def descent(W: ndarray, ids: ndarray, penalty: float) -> tuple[float, ndarray]:
    """Loss and gradient, position by position."""
    loss, du = rows_cross_entropy(W[ids[:-1]], ids[1:])
    dW = penalty * W
    for c, row in zip(ids[:-1], du, strict=True):
        dW[c] += row
    return loss + penalty / 2 * float((W**2).sum()), dW


def same_descent(student, W, ids, penalty):
    L, dW = pair(student.loss_and_gradient(W, ids, penalty), "the result")
    wanted_L, wanted_dW = descent(W, ids, penalty)
    close(L, wanted_L, "the loss")
    close(dW, wanted_dW, "the gradient", 1e-9)


@SET.test("gradient", 1, "gives loss and gradient, with and without a penalty")
def short_descent(student, given, draw):
    V = draw.between(5, 7)
    W, ids = draw.uniform(V, V, low=-2.0, high=2.0), tokens(draw, 60, V)
    for penalty in 0.0, 0.3:
        same_descent(student, W, ids, penalty)


@SET.test("gradient", 2, "gives both for 22,500 weights and five thousand tokens in time")
def long_descent(student, given, draw):
    W, ids = draw.uniform(150, 150), tokens(draw, 5_000, 150)
    same_descent(student, W, ids, 0.01)


@SET.test("gradient", 2, "gives both for logits of a thousand and more")
def large_logits(student, given, draw):
    V = draw.between(4, 6)
    W, ids = draw.uniform(V, V, low=-3000.0, high=3000.0), tokens(draw, 40, V)
    same_descent(student, W, ids, 0.001)


def walk(P: ndarray, draw: Draw, T: int) -> ndarray:
    """A text of T tokens that the table writes."""
    ids = [draw.below(len(P))]
    for number in draw.uniform(T - 1, low=0.0):
        ids.append(min(int((P[ids[-1]].cumsum() <= number).sum()), len(P) - 1))
    return np.array(ids)


@SET.test("message", 2, "finds the key of enciphered texts in other alphabets", practice=False)
def keys(student, given, draw):
    for _ in range(3):
        V = draw.between(12, 20)
        P = softmax(draw.uniform(V, V, low=-4.0, high=4.0))
        P[P < 0.001] = 0
        P /= P.sum(axis=1, keepdims=True)
        plain, key = walk(P, draw, 120), draw.below(V)
        cipher = encipher(plain, key, given["step"], given["mirror"], V)
        close(student.best_key(P, cipher), key, "the key")


@SET.test("message", 1, "reads the message of your sheet", practice=False)
def reads(student, given, draw):
    got = student.message()
    if type(got) is not str:
        raise Wrong("the message should be a string")
    if got.strip(". ").lower().replace(" ", ".") != given["plain"]:
        raise Wrong("this is not the message")
