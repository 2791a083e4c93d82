"""Number words: the pairs are right, the batches aligned, the vocabularies those of the marks."""

import numpy as np
import pytest

from unrolled.datasets.number_words import NumberWords, hold_out_random, tokens, written
from unrolled.datasets.text import END, PAD, START


@pytest.mark.parametrize(
    ("number", "language", "text"),
    [
        (97, "fr", "quatre-vingt-dix-sept"),
        (np.int64(97), "de", "siebenundneunzig"),
        (1234, "en", "one thousand two hundred and thirty-four"),  # without its comma
        (97, "fr_CH", "nonante-sept"),
    ],
)
def test_numbers_as_written(number, language, text):
    assert written(number, language) == text


def test_units():
    assert tokens("quatre-vingt et un", "words") == ["quatre", "vingt", "et", "un"]
    assert tokens("vingt-deux", "characters") == list("vingt-deux")
    with pytest.raises(ValueError, match='"words", "characters" or "parts", got \'letters\''):
        tokens("un", "letters")


def test_german_parts():
    assert tokens("tausendeinundachtzig", "parts") == ["tausend", "ein", "und", "achtzig"]
    assert tokens("siebzehn", "parts") == ["siebzehn"]  # not sieben and the rest
    assert tokens("eine Million neunzig", "parts") == ["eine", "Million", "neunzig"]
    for number in (*range(1000), 16_016, 777_777, 2_000_021):
        text = written(number, "de")
        assert "".join(tokens(text, "parts")) == text.replace(" ", "")
    with pytest.raises(ValueError, match="German number below 10⁹ for its parts, got 'vingt'"):
        tokens("vingt", "parts")
    pairs = NumberWords(range(100), ("en", "de"), ("words", "parts"))
    assert pairs.texts(pairs.batch([24])[3]) == ["vierundzwanzig"]


def test_split_parts_and_loses_nothing():
    kept, held_out = hold_out_random(range(100), 30, np.random.default_rng(0))
    assert (len(kept), len(held_out)) == (70, 30)
    assert sorted([*kept, *held_out]) == [*range(100)]
    assert held_out.tolist() != sorted(held_out)
    assert set(held_out) != set(hold_out_random(range(100), 30, np.random.default_rng(1))[1])
    for wrong in (-1, 0, 100):
        with pytest.raises(ValueError, match="in 1…99"):
            hold_out_random(range(100), wrong, np.random.default_rng(0))


@pytest.mark.parametrize("units", [("words", "words"), ("characters", "words")])
def test_a_batch_by_hand(units):
    pairs = NumberWords(range(100), ("en", "fr"), units)
    source, lengths, inputs, targets = pairs.batch([7, 21])
    texts = [pairs.source.symbols[i] for i in source[:, 1]]
    expected = ["twenty", "one"] if units[0] == "words" else list("twenty-one")
    assert texts == expected
    assert lengths.tolist() == [1 if units[0] == "words" else 5, len(expected)]
    assert (source[lengths[0] :, 0] == PAD).all() and (source[: lengths[0], 0] > END).all()
    sept, vingt, et, un = pairs.target.encode(["sept", "vingt", "et", "un"])
    assert inputs.T.tolist() == [[START, sept, PAD, PAD], [START, vingt, et, un]]
    assert targets.T.tolist() == [[sept, END, PAD, PAD], [vingt, et, un, END]]


def test_backwards_turns_the_source_alone_and_leaves_the_padding_at_the_end():
    forth = NumberWords(range(100)).batch([7, 21, 4])
    back = NumberWords(range(100), backwards=True).batch([7, 21, 4])
    for n, length in enumerate(forth[1]):
        assert back[0][:length, n].tolist() == forth[0][:length, n].tolist()[::-1]
        assert (back[0][length:, n] == PAD).all()
    for a, b in zip(forth[1:], back[1:], strict=True):
        assert np.array_equal(a, b)


def test_reading_undoes_writing():
    for units in ("words", "characters"):
        pairs = NumberWords(range(200), ("de", "fr"), ("characters", units))
        numbers = [0, 71, 80, 199]
        _, _, inputs, targets = pairs.batch(numbers)
        texts = [written(n, "fr") for n in numbers]
        if units == "words":
            texts = [" ".join(tokens(t, "words")) for t in texts]
        assert pairs.texts(targets) == texts
        assert pairs.texts(inputs) == texts  # no END to stop at, marks left out


def test_nothing_after_the_first_end_is_read():
    pairs = NumberWords(range(20))
    deux, dix = pairs.target.encode(["deux", "dix"])
    assert pairs.texts(np.array([[deux], [END], [dix], [END]])) == ["deux"]


def test_batches_go_through_all_numbers_again_and_again():
    pairs = NumberWords(range(20))
    stream = pairs.batches(np.arange(10), 4, np.random.default_rng(0))
    rounds = []
    for _ in range(3):
        texts = [t for _ in range(2) for t in pairs.texts(next(stream)[3])]
        assert len(set(texts)) == 8  # nothing twice in a round; a rest of two is left for the next
        rounds.append(texts)
    assert rounds[0] != rounds[1] != rounds[2]
    with pytest.raises(ValueError, match="N must be in 1…10"):
        next(pairs.batches(np.arange(10), 11, np.random.default_rng(0)))


def test_a_word_outside_the_vocabulary_is_named():
    with pytest.raises(ValueError, match="'hundred'"):
        NumberWords(range(100)).batch([100])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: NumberWords(range(3), ("en", "xx")), "\"fr_CH\", got 'xx'"),
        (lambda: NumberWords(range(3), "en"), "languages must be two, .* got 'en'"),
        (lambda: NumberWords(range(3), units=("words",)), "units must be two"),
        (lambda: NumberWords([1.5]), "number must be whole, got 1.5"),
        (lambda: NumberWords(range(3)).texts([[-1]]), "ids must be from 0 to 5, got -1 to -1"),
        (lambda: NumberWords(range(3)).texts([[6]]), "ids must be from 0 to 5, got 6 to 6"),
        (lambda: NumberWords(range(3)).texts([3]), r"ids must be \(T, N\), got \(1,\)"),
    ],
)
def test_wrong_input_says_what_was_expected(call, message):
    with pytest.raises(ValueError, match=message):
        call()
