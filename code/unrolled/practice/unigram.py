"""Pieces with probabilities: the likeliest cut of a word, all cuts together, and EM.

A word (`bytes`) can be cut in many ways. A cut has the product of its pieces' probabilities, kept
in `log_p`, a dictionary from pieces to logarithms (Kudo 2018).
"""

import math
from collections import Counter
from collections.abc import Mapping

import numpy as np

from unrolled import checks
from unrolled.practice.bpe import BYTES, check_counts

LONGEST = 16  # bytes of a piece; longer ones are not looked for
LogP = Mapping[bytes, float]


def best_cut(word: bytes, log_p: LogP) -> tuple[list[bytes], float]:
    """The likeliest cut of a word and its log-probability, by Viterbi (eq-scale-viterbi)."""
    _check(word, log_p)
    starts = _starts(word, log_p)
    best, back = [0.0], [0]
    for end in range(1, len(word) + 1):
        scores = {start: best[start] + log_p[word[start:end]] for start in starts[end]}
        back.append(max(scores, key=scores.__getitem__, default=0))
        best.append(scores.get(back[-1], -math.inf))
    cut, end = [], len(word)
    while end > 0:
        cut.append(word[back[end] : end])
        end = back[end]
    return cut[::-1], best[-1]


def forward(word: bytes, log_p: LogP) -> list[float]:
    """For each beginning of the word, log of all its cuts' probabilities added (eq-scale-total).

    It is minus infinity where a beginning has no cut.
    """
    _check(word, log_p)
    return _forward(word, log_p, _starts(word, log_p))


def _forward(word: bytes, log_p: LogP, starts: list[list[int]]) -> list[float]:
    alpha = [0.0]
    for end in range(1, len(word) + 1):
        alpha.append(_log_sum([alpha[start] + log_p[word[start:end]] for start in starts[end]]))
    return alpha


def expected(word: bytes, log_p: LogP) -> tuple[Counter[bytes], float]:
    """How often each piece occurs in a cut, on average, and log P(word) (eq-scale-expected)."""
    _check(word, log_p)
    return _expected(word, log_p)


def _expected(word: bytes, log_p: LogP) -> tuple[Counter[bytes], float]:
    starts = _starts(word, log_p)
    alpha = _forward(word, log_p, starts)
    beta = [-math.inf] * len(word) + [0.0]
    found: Counter[bytes] = Counter()
    for end in range(len(word), 0, -1):  # beta[end] is complete: all longer ends were done
        for start in starts[end]:
            piece = word[start:end]
            behind = log_p[piece] + beta[end]
            found[piece] += math.exp(alpha[start] + behind - alpha[-1])
            beta[start] = _log_sum([beta[start], behind])
    return found, alpha[-1]


def em_step(counts: Mapping[str, int], log_p: LogP) -> tuple[dict[bytes, float], float]:
    """One round of expectation and maximisation -> new log_p, and log P(text) before it.

    Pieces that are not expected at all are dropped.
    """
    check_counts(counts)
    _check(b"", log_p)
    uses: Counter[bytes] = Counter()
    log_likelihood = 0.0
    for word, n in counts.items():
        found, log_total = _expected(word.encode(), log_p)
        log_likelihood += n * log_total
        for piece, share in found.items():
            uses[piece] += n * share
    total = math.fsum(uses.values())
    return {p: math.log(use / total) for p, use in uses.items() if use > 0}, log_likelihood


def sample_cut(word: bytes, log_p: LogP, rng: np.random.Generator) -> list[bytes]:
    """A cut drawn with its probability among all cuts of the word, from the end backwards."""
    checks.generator(rng)
    _check(word, log_p)
    starts = _starts(word, log_p)
    alpha = _forward(word, log_p, starts)
    cut, end = [], len(word)
    while end > 0:
        log_chance = np.array([alpha[s] + log_p[word[s:end]] - alpha[end] for s in starts[end]])
        chance = np.exp(log_chance)
        start = starts[end][rng.choice(len(chance), p=chance / chance.sum())]
        cut.append(word[start:end])
        end = start
    return cut[::-1]


def start(counts: Mapping[str, int], V: int) -> dict[bytes, float]:
    """The bytes and the V - 256 stretches of words that save most when written as one piece."""
    check_counts(counts)
    checks.whole(257, V=V)
    occurs: Counter[bytes] = Counter()
    for word, n in counts.items():
        code = word.encode()
        for i in range(len(code)):
            for j in range(i + 1, min(i + LONGEST, len(code)) + 1):
                occurs[code[i:j]] += n
    longer = [piece for piece in occurs if len(piece) > 1 and occurs[piece] > 1]
    longer.sort(key=lambda piece: (-(len(piece) - 1) * occurs[piece], piece))
    uses = {piece: occurs[piece] or 1 for piece in BYTES + longer[: V - 256]}
    total = sum(uses.values())
    return {piece: math.log(use / total) for piece, use in uses.items()}


def learn(counts: Mapping[str, int], V: int, rounds: int = 2) -> dict[bytes, float]:
    """Words with how often each occurs -> log_p of V pieces, the 256 bytes among them.

    Begins with four times as many, and drops the least used third in turn, with `rounds` of EM
    before each time. A byte that is no longer used keeps a small probability.
    """
    checks.whole(257, V=V)
    checks.whole(1, rounds=rounds)
    log_p = start(counts, 4 * V)
    while True:
        for _ in range(rounds):
            log_p = _with_bytes(em_step(counts, log_p)[0])
        if len(log_p) <= V:
            return log_p
        longer = sorted((p for p in log_p if len(p) > 1), key=lambda p: -log_p[p])
        keep = max(V, len(log_p) * 2 // 3) - 256
        log_p = _with_bytes({p: log_p[p] for p in [*BYTES, *longer[:keep]]})


def _with_bytes(log_p: LogP) -> dict[bytes, float]:
    """All bytes again, a missing one with one part in a million, and the sum one again."""
    log_p = {**dict.fromkeys(BYTES, math.log(1e-6)), **log_p}
    total = _log_sum(list(log_p.values()))
    return {piece: value - total for piece, value in log_p.items()}


def _starts(word: bytes, log_p: LogP) -> list[list[int]]:
    """For each place in the word, where a piece may begin that ends there, as part of a cut."""
    starts: list[list[int]] = [[]]
    for end in range(1, len(word) + 1):
        begin = range(max(0, end - LONGEST), end)
        starts.append([s for s in begin if (s == 0 or starts[s]) and word[s:end] in log_p])
    if word and not starts[-1]:
        raise ValueError(f"log_p must have pieces that make up the word, got none for {word!r}")
    return starts


def _check(word: bytes, log_p: LogP) -> None:
    """ValueError unless this is a word, and these are logarithms of probabilities."""
    checks.kind("bytes", bytes, word=word)
    checks.kind("a dictionary from pieces to numbers", Mapping, log_p=log_p)
    checks.kind("bytes", bytes, **{f"a piece of log_p ({i})": p for i, p in enumerate(log_p)})
    checks.number(-1e4, 0, **{f"log_p of {piece!r}": value for piece, value in log_p.items()})


def _log_sum(values: list[float]) -> float:
    most = max(values, default=-math.inf)
    if most == -math.inf:
        return most
    return most + math.log(math.fsum(math.exp(value - most) for value in values))
