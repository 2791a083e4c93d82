"""Pieces with probabilities: cuts listed, a text that never becomes less likely, the library."""

import math
from collections import Counter

import numpy as np
import pytest

from unrolled.datasets import documentation
from unrolled.practice import bpe, sentencepieces, unigram

P = {b"s": 0.1, b"g": 0.1, b"in": 0.3, b"ing": 0.3, b"sing": 0.02, b"r": 0.18}
LOG_P = {piece: math.log(p) for piece, p in P.items()}


@pytest.fixture(scope="module")
def counts():
    return Counter(bpe.words(documentation()[:30_000]))


def test_by_hand():
    cut, log_best = unigram.best_cut(b"sing", LOG_P)
    assert cut == [b"s", b"ing"] and math.exp(log_best) == pytest.approx(0.03)
    uses, log_total = unigram.expected(b"sing", LOG_P)
    assert math.exp(log_total) == pytest.approx(0.053)
    assert uses[b"ing"] == pytest.approx(0.03 / 0.053)


def test_each_byte_is_in_one_piece(counts):
    log_p = unigram.start(counts, 600)
    for word in list(counts)[:100]:
        uses, _ = unigram.expected(word.encode(), log_p)
        covered = sum(len(piece) * share for piece, share in uses.items())
        assert covered == pytest.approx(len(word.encode()))
        assert b"".join(unigram.best_cut(word.encode(), log_p)[0]) == word.encode()


def test_the_text_never_becomes_less_likely(counts):
    log_p, seen = unigram.start(counts, 600), []
    for _ in range(5):
        log_p, before = unigram.em_step(counts, log_p)
        seen.append(before)
        assert math.fsum(map(math.exp, log_p.values())) == pytest.approx(1)
    assert (np.diff(seen) > 0).all()


def test_learn(counts):
    log_p = unigram.learn(counts, 400)
    assert len(log_p) == 400 and set(bpe.BYTES) <= set(log_p)
    assert math.fsum(map(math.exp, log_p.values())) == pytest.approx(1)
    assert unigram.best_cut(b"\xff", log_p)[0] == [b"\xff"]


def test_cuts_at_random_come_as_often_as_they_deserve():
    rng, n = np.random.default_rng(0), 4000
    drawn = Counter(tuple(unigram.sample_cut(b"sing", LOG_P, rng)) for _ in range(n))
    expected = {(b"sing",): 0.02, (b"s", b"ing"): 0.03, (b"s", b"in", b"g"): 0.003}
    assert set(drawn) == set(expected)
    for cut, p in expected.items():
        assert drawn[cut] / n == pytest.approx(p / 0.053, abs=0.03)


def test_the_library_finds_no_better_cut(counts):
    library = sentencepieces.train(counts, 500, "unigram")
    theirs = sentencepieces.pieces(library)
    for word in counts:
        cut = library.encode(sentencepieces.letters(word.encode()), out_type=str)
        score = sum(theirs[sentencepieces.unlettered(piece)] for piece in cut)
        assert unigram.best_cut(word.encode(), theirs)[1] == pytest.approx(score, abs=1e-4)


def test_no_cut_at_all():
    with pytest.raises(ValueError, match="log_p must have pieces"):
        unigram.best_cut(b"x", LOG_P)
