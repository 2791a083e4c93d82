"""The checks that all layers share; what the layers make of them is in test_layer_contract."""

import re

import numpy as np
import pytest

from unrolled.layers.contract import check, check_parts, from_beyond, gradient_at, rows


def test_a_letter_stands_for_any_size():
    assert check("x", np.zeros((7, 3, 4)), "T", "N", 4) == (7, 3, 4)
    assert check("x", np.zeros((0, 0), np.float32), "T", 0) == (0, 0)
    for shape, expected in [((4,), "(5,)"), ((3, 5), "(5,)"), ((), "(5,)")]:
        with pytest.raises(ValueError, match=re.escape(f"b must be {expected}, got {shape}")):
            check("b", np.zeros(shape), 5)


@pytest.mark.parametrize(
    ("wrong", "came"),
    [(np.zeros(5, bool), "bool"), (np.zeros(5, complex), "complex128"), (None, "NoneType")],
)
def test_only_arrays_of_floats(wrong, came):
    with pytest.raises(ValueError, match=rf"b must be an array of floats \(5,\), got {came}"):
        check("b", wrong, 5)


def test_parts():
    check_parts("state", (1, 2), "a pair", 2)
    for wrong, came in [([1], "list of 1"), ((1, 2, 3), "tuple of 3"), (np.zeros(2), "ndarray")]:
        with pytest.raises(ValueError, match=f"state must be a pair, got a {came}$"):
            check_parts("state", wrong, "a pair", 2)


def test_gradients_take_the_type_of_what_they_belong_to():
    like, given = np.ones((3, 2), np.float32), np.ones((3, 2))
    assert gradient_at("dh", given, like).dtype == np.float32
    assert gradient_at("dh", given, np.ones((3, 2))) is given
    copy = from_beyond("dlast_state", given, np.ones((3, 2)))
    assert not np.shares_memory(copy, given) and (copy == given).all()
    assert from_beyond("dlast_state", None, like).dtype == np.float32


def test_rows_of_nothing():
    assert rows(np.zeros((0, 3, 4))).shape == (0, 4)
    assert rows(np.zeros((2, 3, 4))).shape == (6, 4)
