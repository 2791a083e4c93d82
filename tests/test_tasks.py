"""The tasks' answers against a second, slower way to find them."""

import numpy as np
import pytest

from unrolled.tasks import addition, gap, parity


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


@pytest.mark.parametrize(("task", "D"), [(parity, 1), (addition, 2), (gap, 4)])
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


def test_too_short_names_what_is_needed():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        parity(0, 3, np.random.default_rng(0))
    with pytest.raises(ValueError, match="at least 2, got 1"):
        addition(1, 3, np.random.default_rng(0))
    with pytest.raises(ValueError, match="at least 1, got 0"):
        gap(0, 3, np.random.default_rng(0))
