"""Number pieces: nothing is lost, and each piece is the translation of its word."""

import numpy as np
import pytest

from unrolled.datasets.number_pieces import (
    NumberPieces,
    alignment,
    letter_alignment,
    partners,
    pieces,
    words,
)
from unrolled.datasets.number_words import written

GERMAN = {written(n, "en"): written(n, "de") for n in (*range(1, 20), *range(20, 100, 10))}
GERMAN |= {"hundred": "hundert", "thousand": "tausend"}


def numbers():
    return [1, 4081, 999_999, *np.random.default_rng(0).integers(1, 10**6, 300).tolist()]


def test_the_example_of_the_chapter():
    assert words(4081) == ["four", "thousand", "eighty", "one"]
    assert pieces(4081) == ["vier", "tausend", "ein", "und", "achtzig"]
    assert partners(4081) == [0, 1, 3, -1, 2]


def test_nothing_is_lost():
    for number in numbers():
        assert "".join(pieces(number)) == written(number, "de")
        spelt = written(number, "en").replace(" and ", " ").replace("-", " ")
        assert " ".join(words(number)) == spelt


def test_partners_are_translations():
    for number in numbers():
        german, english, place = pieces(number), words(number), partners(number)
        assert sorted(j for j in place if j >= 0) == [*range(len(english))]
        for piece, j in zip(german, place, strict=True):
            assert (piece == "und") == (j == -1)
            assert piece == "und" or GERMAN[english[j]] in (piece, piece + "s")  # ein, eins


def test_alignments():
    true = alignment(4081)
    assert true.shape == (5, 4) and not true[3].any() and true[2].tolist() == [False] * 3 + [True]
    letters = letter_alignment(4081)
    english, german = written(4081, "en"), written(4081, "de")
    assert letters.shape == (len(german), len(english))
    assert not letters[:, [i for i, a in enumerate(english) if not a.isalpha()]].any()
    start = german.index("achtzig")
    looked_at = "".join(np.array(list(english))[letters[start]])
    assert looked_at == "eighty" and not letters[german.index("und")].any()
    assert not letters[:, english.index(" and ") + 1 : english.index(" and ") + 4].any()


def test_pairs():
    pairs = NumberPieces([21, 4081])
    source, lengths, _, targets = pairs.batch([4081, 21])
    assert lengths.tolist() == [4, 2] and targets.shape == (6, 2) and source.shape == (4, 2)
    assert pairs.texts(targets) == ["viertausendeinundachtzig", "einundzwanzig"]


@pytest.mark.parametrize("number", [0, -1, 1_000_000])
def test_range(number):
    for function in (words, pieces, partners, alignment, letter_alignment):
        with pytest.raises(ValueError, match=r"number must be at (least 1|most 999999)"):
            function(number)
