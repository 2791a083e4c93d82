"""The library held to bytes: letters and back, all bytes first, and as many pieces as asked for."""

import pytest

from unrolled.practice import bpe, sentencepieces

COUNTS = {" the": 30, " then": 12, " other": 9, " café": 7, " mother": 5, "\n\t": 4}


def test_letters_and_back():
    every = bytes(range(256))
    letters = sentencepieces.letters(every)
    assert len(set(letters)) == 256 and letters.isalpha()
    assert sentencepieces.unlettered(letters) == every
    with pytest.raises(ValueError, match="text must be letters that stand for bytes"):
        sentencepieces.unlettered("a")


def test_pieces():
    learnt = sentencepieces.learn(COUNTS, 266)
    assert learnt[:256] == bpe.BYTES and len(learnt) == 266
    assert learnt == bpe.learn(COUNTS, 266)


def test_no_rule_of_its_own_for_digits_and_scripts():
    counts = {" x86": 30, "x86_64": 20, "3日": 9, "a日": 8, "\n\n  ": 7}
    assert sentencepieces.learn(counts, 268) == bpe.learn(counts, 268)


@pytest.mark.parametrize("kind", sentencepieces.KINDS)
def test_no_rule_of_its_own_for_spaces(kind):
    processor = sentencepieces.train(COUNTS, 262, kind)
    for word in COUNTS:
        cut = processor.encode(sentencepieces.letters(word.encode()), out_type=str)
        assert b"".join(map(sentencepieces.unlettered, cut)) == word.encode()


def test_wrong_input():
    with pytest.raises(ValueError, match="kind must be one of bpe, unigram"):
        sentencepieces.train(COUNTS, 300, "word")
    with pytest.raises(ValueError, match="counts must hold at least one word"):
        sentencepieces.train({}, 300)
