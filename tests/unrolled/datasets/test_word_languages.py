"""Words of many languages: whose they are, and how they are written as numbers."""

import numpy as np

from unrolled.datasets.text import PAD
from unrolled.datasets.word_languages import LANGUAGES, labelled, letters, padded_ids, words


def test_words_are_single_and_in_lower_case():
    assert {"western", "africa", "german", "cyrillic", "rupee"} <= words("en")
    assert "östafrika" in words("sv")
    assert "ingilizce" in words("tr")  # İngilizce, whose İ has no lower case of one character
    for code in LANGUAGES:
        for word in words(code):
            assert word.isalpha() and word == word.lower() and len(word) >= 2


def test_each_word_belongs_to_one_language():
    codes = tuple(LANGUAGES)
    sample, y = labelled()
    assert len(sample) == len(set(sample)) == len(y) > 5000
    for word, label in list(zip(sample, y, strict=True))[::50]:
        assert [code for code in codes if word in words(code)] == [codes[label]]
        assert len(word) >= 4
    assert set(y.tolist()) == set(range(len(codes)))
    pairs = list(zip(y.tolist(), sample, strict=True))
    assert pairs == sorted(pairs)  # sets have no order; the list has one


def test_words_as_short_as_asked_for():
    short, y = labelled(("de", "fr"), shortest=2)
    usual, _ = labelled(("de", "fr"))
    assert min(map(len, short)) == 2 and min(map(len, usual)) == 4
    assert [word for word in short if len(word) >= 4] == usual and len(y) == len(short)


def test_no_longer_than_the_longest_unless_asked_for():
    assert padded_ids(["drei", "ei"], letters(["drei"])).shape == (4, 2)
    assert padded_ids(["drei", "ei"], letters(["drei"]), shortest=3).shape == (4, 2)


def test_encode_fills_up():
    vocabulary = letters(["zwei", "drei"])
    ids = padded_ids(["drei", "ei"], vocabulary, shortest=6)
    assert ids.shape == (6, 2)
    assert vocabulary.decode(ids[:4, 0]) == "drei" and vocabulary.decode(ids[:2, 1]) == "ei"
    assert np.all(ids[4:, 0] == PAD) and np.all(ids[2:, 1] == PAD)
    assert PAD not in vocabulary.encode("drei")
