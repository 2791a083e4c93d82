"""Byte-pair encoding: the example by hand, a plain program, the library, and the way back."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from unrolled.datasets import documentation
from unrolled.practice import bpe, sentencepieces

SMALL = {"sing": 3, "ring": 2, "singing": 2}


def plain(counts, V):
    """The rule without any bookkeeping."""
    spelling = {word: [bytes([b]) for b in word.encode()] for word in counts}
    known = list(bpe.BYTES)
    while len(known) < V:
        pairs = Counter()
        for word, cut in spelling.items():
            for pair in pairwise(cut):
                pairs[pair] += counts[word]
        best = min(pairs, key=lambda pair: (-pairs[pair], len(b"".join(pair)), b"".join(pair)))
        known.append(b"".join(best))
        spelling = {word: bpe.join(cut, best) for word, cut in spelling.items()}
    return known


@pytest.fixture(scope="module")
def counts():
    return Counter(bpe.words(documentation()[:60_000]))


def test_by_hand():
    assert bpe.learn(SMALL, 260)[256:] == [b"in", b"ing", b"sing", b"ring"]
    book = bpe.BPE(bpe.learn(SMALL, 260))
    assert book.cut("bringing") == [b"b", b"ring", b"ing"]


def test_the_bookkeeping_changes_nothing(counts):
    assert bpe.learn(counts, 400) == plain(counts, 400)


def test_repeated_letters():
    assert bpe.learn({"aaaaa": 2, "aab": 1}, 258) == plain({"aaaaa": 2, "aab": 1}, 258)
    assert bpe.join([b"a"] * 5, (b"a", b"a")) == [b"aa", b"aa", b"a"]


def test_nothing_left_to_join():
    assert bpe.learn({"ab": 1}, 300) == [*bpe.BYTES, b"ab"]


def test_the_library_learns_the_same(counts):
    assert bpe.learn(counts, 700) == sentencepieces.learn(counts, 700)


def test_the_library_cuts_the_same(counts):
    library = sentencepieces.train(counts, 700)
    book = bpe.BPE(list(sentencepieces.learn(counts, 700)))
    for word in counts:
        cut = library.encode(sentencepieces.letters(word.encode()), out_type=str)
        assert [sentencepieces.unlettered(piece) for piece in cut] == book.cut(word), word


@pytest.mark.parametrize("text", ["", "a", "  two  spaces\n\n\tand a tab ", "Żółkiewski 🐙\0\r\n"])
def test_undone(text, counts):
    book = bpe.BPE(bpe.learn(counts, 400))
    assert "".join(bpe.words(text)) == text
    ids = book.encode(text)
    assert ids.dtype == np.int64 and book.decode(ids) == text


def test_special_tokens_are_not_typed(counts):
    book = bpe.BPE(bpe.learn(counts, 300), special=["<end>", "<pad>"])
    assert len(book) == 302 and book.special == {"<end>": 300, "<pad>": 301}
    assert book.encode("<end>").max() < 300
    assert book.decode([*book.encode("a"), 300, *book.encode("b")]) == "ab"


def test_half_a_character():
    assert bpe.BPE(bpe.BYTES).decode([0xC3]) == "�"


def test_wrong_input():
    with pytest.raises(ValueError, match="begin with the 256 bytes"):
        bpe.BPE([b"a"])
    with pytest.raises(ValueError, match="ids must be from 0 to 255"):
        bpe.BPE(bpe.BYTES).decode([256])
    with pytest.raises(ValueError, match="V must be at least 256"):
        bpe.learn(SMALL, 10)
    with pytest.raises(ValueError, match="each number in counts"):
        bpe.learn({"a": 0}, 300)
