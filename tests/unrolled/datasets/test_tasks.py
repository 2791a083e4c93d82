"""The tasks' answers against a second, slower way to find them."""

import re

import numpy as np
import pytest

from unrolled.datasets import tasks
from unrolled.datasets.tasks import (
    REBER,
    adding,
    addition,
    anbn,
    embedded_reber,
    gap,
    marked,
    parity,
    recall,
    registers,
)


def number(bits, least_first):
    """The integer that bits (T,) spell: Python's own reading of a binary string."""
    digits = "".join(str(int(b)) for b in bits)
    return int(digits[::-1] if least_first else digits, base=2)


def test_parity_is_the_number_of_ones_so_far_modulo_two():
    x, y = parity(9, 50, np.random.default_rng(0))
    for n in range(50):
        bits = [int(b) for b in x[:, n, 0]]
        assert y[:, n].tolist() == [bits[: t + 1].count(1) % 2 for t in range(9)]


@pytest.mark.parametrize("least_first", [True, False])
@pytest.mark.parametrize("T", [2, 7, 40, 70])  # 70 bits: beyond an int64
def test_addition_is_that_of_python_integers(T, least_first):
    x, y = addition(T, 30, np.random.default_rng(T), least_first)
    for n in range(30):
        summands = [number(x[:, n, k], least_first) for k in (0, 1)]
        assert sum(summands) == number(y[:, n], least_first)
        assert max(summands) < 2 ** (T - 1)


def test_gap_asks_for_the_first_symbol_at_every_step():
    x, y = gap(7, 40, np.random.default_rng(0), K=5)
    for n in range(40):
        symbols = [step.tolist().index(1) for step in x[:, n]]
        assert y[:, n].tolist() == [symbols[0]] * 7
    assert x.shape == (7, 40, 5) and (x.sum(axis=-1) == 1).all() and set(np.unique(x)) == {0, 1}


def test_gap_distractors_are_of_the_cue_s_kind_and_say_nothing_about_it():
    x, y = gap(3, 60_000, np.random.default_rng(4))
    together = np.einsum("nc,tnd->tcd", x[0], x[1:]) / y.shape[1]  # cue and distractor
    assert np.abs(together - 1 / 16).max() < 0.005


def test_marked_asks_for_the_symbol_under_the_mark():
    x, y = marked(7, 60, np.random.default_rng(0), K=3)
    places = set()
    for n in range(60):
        symbols = [step[:3].tolist().index(1) for step in x[:, n]]
        (at,) = np.flatnonzero(x[:, n, 3])
        places.add(int(at))
        assert y[:, n].tolist() == [symbols[at]] * 7
    assert places == {0, 1, 2, 3}  # the first half, its middle step included


def test_recall_repeats_or_returns_to_the_first_symbol():
    x, y = recall(9, 40, np.random.default_rng(0), K=3, often=0.4)
    for n in range(40):
        symbols = [step[:3].tolist().index(1) for step in x[:, n]]
        expected = [symbols[0] if ask else s for s, ask in zip(symbols, x[:, n, 3], strict=True)]
        assert y[:, n].tolist() == expected
    assert x[0, :, 3].sum() == 0 and abs(x[1:, :, 3].mean() - 0.4) < 0.1


@pytest.mark.parametrize("T", [2, 7, 50])
def test_adding_sums_two_marked_numbers_one_in_each_half(T):
    x, y = adding(T, 30, np.random.default_rng(T))
    for n in range(30):
        first, second = np.flatnonzero(x[:, n, 1])
        assert first < T // 2 <= second and set(x[:, n, 1]) <= {0, 1}
        values = x[:, n, 0]
        expected = np.where(np.arange(T) < first, 0, values[first])
        expected[second:] += values[second]
        np.testing.assert_allclose(y[:, n], expected, rtol=1e-6)


def test_adding_answered_by_one_is_off_by_a_sixth():
    _, y = adding(10, 50_000, np.random.default_rng(1))
    assert abs(np.mean((y[-1] - 1) ** 2) - 1 / 6) < 0.003


def test_anbn_is_complete_at_its_last_letter_only():
    x, y = anbn(12, 200, np.random.default_rng(0))
    lengths = set()
    for k in range(200):
        word = "".join("ab"[s.tolist().index(1)] if s.any() else " " for s in x[:, k])
        word, n = word.rstrip(), len(word.rstrip()) // 2
        assert word == "a" * n + "b" * n
        assert y[:, k].tolist() == [0] * (2 * n - 1) + [1] + [-1] * (12 - 2 * n)
        lengths.add(n)
    assert lengths == {1, 2, 3, 4, 5, 6}
    _, y = anbn(8, 3, np.random.default_rng(0), n=[4, 1, 2])
    assert y.argmax(axis=0).tolist() == [7, 1, 3]


def test_embedded_reber_streams_are_strings_of_the_grammar_one_after_another():
    x, y = embedded_reber(400, 30, np.random.default_rng(0))
    # the grammar a second time, as a regular expression: T S* X ... and P T* V ...
    inner = "(?:TS*X(?:XT*V(?:PXT*V)*(?:V|PS)|S)|PT*V(?:PXT*V)*(?:V|PS))"
    words = re.compile(f"(?:BTB{inner}ETE|BPB{inner}EPE)")
    seen = set()
    for n in range(30):
        stream = "".join(REBER[i] for i in [x[0, n].argmax(), *y[:, n]])
        while match := words.match(stream):
            seen.add(match[0])
            stream = stream[match.end() :]
        assert len(stream) < 80 and "ETE" not in stream and "EPE" not in stream
        assert (x[1:, n].argmax(axis=-1) == y[:-1, n]).all()
    assert len(seen) > 100 and {word[1] for word in seen} == {"T", "P"}


@pytest.mark.parametrize(
    ("task", "D"),
    [
        (parity, 1),
        (addition, 2),
        (gap, 4),
        (marked, 5),
        (recall, 5),
        (anbn, 2),
        (embedded_reber, 7),
    ],
)
def test_shapes_types_and_the_same_draw_for_the_same_seed(task, D):
    x, y = task(5, 3, np.random.default_rng(1))
    assert x.shape == (5, 3, D) and x.dtype == np.float32
    assert y.shape == (5, 3) and y.dtype == np.int64
    again, _ = task(5, 3, np.random.default_rng(1))
    other, _ = task(5, 3, np.random.default_rng(2))
    assert (x == again).all() and (x != other).any()


def test_bits_are_fair():
    x, _ = parity(100, 1000, np.random.default_rng(2))
    assert abs(x.mean() - 0.5) < 0.01
    x, _ = addition(101, 1000, np.random.default_rng(3))
    assert abs(x[:-1].mean() - 0.5) < 0.01


def shares(numbers):
    return np.bincount(np.ravel(numbers).astype(int)) / np.size(numbers)


def test_symbols_and_places_are_drawn_evenly(evenly):
    """In thousands of sequences each symbol, place and length is as likely as any other."""
    rng = np.random.default_rng(5)
    for task in (gap, marked, recall):
        x, _ = task(8, 5000, rng)
        assert shares(x[..., :4].argmax(axis=-1)) == pytest.approx([1 / 4] * 4, abs=0.01)
    x, _ = marked(8, 8000, rng)
    assert shares(x[..., 4].argmax(axis=0)) == pytest.approx([1 / 4] * 4, abs=0.02)
    x, _ = recall(8, 5000, rng)
    assert x[1:, :, 4].mean() == pytest.approx(0.2, abs=0.01)  # as it is usually asked
    x, _ = adding(7, 8000, rng)
    evenly(x[..., 0], 0, 1)
    for half, steps in ((x[:3, :, 1], 3), (x[3:, :, 1], 4)):
        assert shares(half.argmax(axis=0)) == pytest.approx([1 / steps] * steps, abs=0.02)
    _, y = anbn(9, 8000, rng)
    assert shares((y >= 0).sum(axis=0))[2::2] == pytest.approx([1 / 4] * 4, abs=0.02)


@pytest.mark.parametrize(
    ("before", "next_ones"),
    [("EB", "TP"), ("B[TP]B", "TP"), ("B[TP]BT", "SX"), ("B[TP]BTX", "XS"), ("B[TP]BTXX", "TV")],
)
def test_of_two_arrows_each_is_as_likely(before, next_ones):
    """The outer T or P, then the first states of the grammar, found by what leads there."""
    x, y = embedded_reber(3000, 20, np.random.default_rng(6))
    streams = ["".join(REBER[i] for i in ids) for ids in np.concatenate([x[:1].argmax(-1), y]).T]
    after = "".join(c for stream in streams for c in re.findall(f"{before}(.)", stream))
    assert set(after) == set(next_ones)
    assert after.count(next_ones[0]) / len(after) == pytest.approx(0.5, abs=0.05)


def test_too_short_names_what_is_needed():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        parity(0, 3, np.random.default_rng(0))
    with pytest.raises(ValueError, match="at least 2, got 1"):
        addition(1, 3, np.random.default_rng(0))
    for task in (gap, marked, recall, embedded_reber):
        with pytest.raises(ValueError, match="at least 1, got 0"):
            task(0, 3, np.random.default_rng(0))
    for task in (adding, anbn):
        with pytest.raises(ValueError, match="at least 2, got 1"):
            task(1, 3, np.random.default_rng(0))
    with pytest.raises(ValueError, match="2 numbers from 1 to 4"):
        anbn(9, 2, np.random.default_rng(0), n=[5, 1])


def test_sizes_and_generator_are_named():
    for wrong, said in [
        ((2.5, 3, np.random.default_rng(0)), "T must be a whole number, got 2.5"),
        ((4, -1, np.random.default_rng(0)), "N must be at least 0, got -1"),
        ((4, 3, 0), "rng must be a NumPy generator"),
    ]:
        with pytest.raises(ValueError, match=f"^{said}"):
            tasks.parity(*wrong)
    with pytest.raises(ValueError, match=r"^K must be at least 1, got 0"):
        tasks.gap(4, 3, np.random.default_rng(0), K=0)


@pytest.mark.parametrize("K", [1, 3])
def test_registers_hold_what_was_written_last(K):
    """Each answer found by looking back for the last step that wrote to the register."""
    x, y = registers(12, 40, np.random.default_rng(0), K)
    assert x.shape == (12, 40, 1 + 2 * K)
    assert set(np.unique(x[..., 0])) == {-1, 1}
    writes = x[..., 1 : 1 + K].sum(axis=-1)
    assert set(np.unique(writes)) == {0, 1}
    assert 0.4 < writes.mean() < 0.6
    assert (x[..., 1 + K :].sum(axis=-1) == 1).all()
    for t in range(12):
        for n in range(40):
            asked = int(x[t, n, 1 + K :].argmax())
            bits = [x[s, n, 0] for s in range(t + 1) if x[s, n, 1 + asked] == 1]
            assert y[t, n] == (bits[-1] == 1 if bits else 0)
