import numpy as np
import pytest

from unrolled.datasets.text import (
    END,
    MARKS,
    PAD,
    START,
    Vocabulary,
    one_hot,
    pad,
    segments,
    streams,
    windows,
)
from unrolled.layers.rnn import RNN


def test_encode_numbers_the_symbols_in_order():
    vocabulary = Vocabulary.of("banana cab")
    assert vocabulary.symbols == (" ", "a", "b", "c", "n") and len(vocabulary) == 5
    ids = vocabulary.encode("cab")
    assert ids.tolist() == [3, 1, 2] and ids.dtype == np.int64
    assert vocabulary.decode(vocabulary.encode("a banana")) == "a banana"
    assert Vocabulary("zyx").encode("xz").tolist() == [2, 0]  # given symbols keep their order


def test_words_are_symbols_too():
    words = ["the", "cat", "saw", "the", "dog"]
    vocabulary = Vocabulary.of(words)
    assert vocabulary.encode(words).tolist() == [3, 0, 2, 3, 1]
    assert vocabulary.decode([0, 1]) == "catdog"


def test_wrong_symbols_are_named():
    with pytest.raises(ValueError, match=r"'q' is not among the 3 symbols.*Vocabulary\.of"):
        Vocabulary.of("abc").encode("abcq")
    with pytest.raises(ValueError, match="twice"):
        Vocabulary("aba")
    with pytest.raises(ValueError, match="from 0 to 2, got -1 to 1"):
        Vocabulary("abc").decode([1, -1])  # which would count from the end


def test_one_hot_has_its_one_at_the_id():
    ids = np.array([[2, 0, 1], [1, 1, 4]])
    rows = one_hot(ids, 5, np.float32)
    assert rows.shape == (2, 3, 5) and rows.dtype == np.float32
    assert (rows.argmax(axis=-1) == ids).all() and (rows.sum(axis=-1) == 1).all()
    assert rows.min() == 0
    for wrong in ([5], [-1]):
        with pytest.raises(ValueError, match="from 0 to 4"):
            one_hot(np.array(wrong), 5)


def test_streams_are_contiguous_text_and_no_copy():
    ids = np.arange(23)
    columns = streams(ids, 4)
    assert columns.T.tolist() == [[*range(n, n + 5)] for n in (0, 5, 10, 15)]  # 20, 21, 22 cut off
    assert np.shares_memory(columns, ids)
    with pytest.raises(ValueError, match="at least 8 symbols, got 7"):
        streams(np.arange(7), 4)


@pytest.mark.parametrize(("steps", "count"), [(7, 2), (6, 1), (9, 2), (10, 3), (4, 1)])
def test_segments_follow_each_other(steps, count):
    T = 3
    columns = np.arange(steps * 2).reshape(2, steps).T
    parts = list(segments(columns, T))
    assert len(parts) == count  # as many as fit, the last target included
    inputs, targets = (np.concatenate(side) for side in zip(*parts, strict=True))
    assert (inputs == columns[: count * T]).all()  # no step left out or read twice at a border
    assert (targets == columns[1 : count * T + 1]).all()
    assert {i.shape for i, _ in parts} == {t.shape for _, t in parts} == {(T, 2)}


def test_segments_need_a_target():
    with pytest.raises(ValueError, match="at least 4, got 3"):
        segments(np.zeros((3, 1), int), 3)


def test_a_state_carried_through_segments_equals_one_long_pass():
    rng = np.random.default_rng(0)
    D, H, N, T = 4, 5, 3, 6
    columns = streams(rng.integers(D, size=N * (3 * T + 1)), N)
    layer = RNN.init(D, H, rng)
    state = layer.zeros(N)
    for inputs, _ in segments(columns, T):
        _, state, _ = layer.forward(one_hot(inputs, D), state)
    _, expected, _ = layer.forward(one_hot(columns[: 3 * T], D), layer.zeros(N))
    np.testing.assert_array_equal(state, expected)


def test_windows_are_contiguous_and_come_from_everywhere():
    ids = np.arange(100, 110)
    inputs, targets = windows(ids, 4, 500, np.random.default_rng(0))
    assert inputs.shape == targets.shape == (4, 500)
    assert (np.diff(inputs, axis=0) == 1).all() and (targets == inputs + 1).all()
    assert set(inputs[0]) == set(range(100, 106))  # the last window ends with the last symbol
    again, _ = windows(ids, 4, 500, np.random.default_rng(0))
    other, _ = windows(ids, 4, 500, np.random.default_rng(1))
    assert (again == inputs).all() and (other != inputs).any()
    with pytest.raises(ValueError, match="at least 11 symbols, got 10"):
        windows(ids, 10, 1, np.random.default_rng(0))


def test_padding_stands_below_what_is_shorter():
    ids, lengths = pad([[5, 6, 7], [8], np.array([9, 3])])
    assert ids.tolist() == [[5, 8, 9], [6, PAD, 3], [7, PAD, PAD]]  # time first
    assert lengths.tolist() == [3, 1, 2]
    assert ids.dtype == lengths.dtype == np.int64
    for n, length in enumerate(lengths):
        assert PAD not in ids[:length, n]
    for wrong in ([], [[1], []]):
        with pytest.raises(ValueError, match="at least one id"):
            pad(wrong)


def test_marks_have_their_ids_where_they_come_first():
    vocabulary = Vocabulary((*MARKS, "a"))
    assert vocabulary.encode(["<pad>", "<start>", "<end>"]).tolist() == [PAD, START, END]


def test_a_separator_parts_words():
    words = ["the", "cat", "saw"]
    vocabulary = Vocabulary(words)
    assert vocabulary.decode([0, 2, 1], separator=" ") == "the saw cat"


def test_symbols_are_plain_strings_whatever_they_were():
    for vocabulary in (Vocabulary(np.array(["a", "b"])), Vocabulary.of(np.array(["b", "a"]))):
        assert vocabulary.symbols == ("a", "b") and {*map(type, vocabulary.symbols)} == {str}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda v: Vocabulary(b"abc"), "a symbol must be a string, got 97"),
        (lambda v: Vocabulary.of(["a", 1]), "a symbol must be a string, got 1"),
        (lambda v: v.encode(b"ab"), r"got bytes: decode it first, as text\.decode"),
        (lambda v: v.encode(3), "a text must be a string or a list of strings, got int"),
        (lambda v: v.encode(["a", ["b"]]), r"\['b'\] is not among the 3 symbols"),
        (lambda v: v.decode([[0, 1]]), r"ids must be \(length,\), got \(1, 2\)"),
        (lambda v: v.decode([0.5]), "ids must be whole numbers, got an array of float64"),
        (lambda v: one_hot([0.5], 3), "ids must be whole numbers"),
        (lambda v: streams(np.arange(9), 0), "N must be at least 1, got 0"),
        (lambda v: segments(np.zeros((9, 1), int), 0), "T must be at least 1, got 0"),
        (lambda v: segments(np.zeros((9, 1), int), -1), "T must be at least 1, got -1"),
        (lambda v: windows(np.arange(9), 0, 3, None), "T must be at least 1, got 0"),
        (lambda v: windows(np.arange(9), 3, 0, None), "N must be at least 1, got 0"),
    ],
)
def test_wrong_input_says_what_was_expected(call, message):
    with pytest.raises(ValueError, match=message):
        call(Vocabulary("abc"))


def test_no_ids_are_no_text():
    assert Vocabulary("abc").decode([]) == "" and len(Vocabulary("abc").encode("")) == 0
