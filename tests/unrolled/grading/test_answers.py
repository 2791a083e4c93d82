"""What is taken for the right answer, and what is said of others."""

import numpy as np
import pytest

from unrolled.grading.answers import close, each, entries, equal, returns
from unrolled.grading.failures import Wrong


class Liar(float):
    __eq__ = __hash__ = lambda self, other: True


@pytest.mark.parametrize(
    "got, wanted",
    [
        (1, True),
        (1.0, 1),
        ((1, 2), [1, 2]),
        ("1", 1),
        (None, {}),
        (Liar(3.0), 4.0),
        ({"a": 1}, {"a": 2}),
        (np.array([1.0, 2.0]), np.array([1, 2])),
        (np.array([1, 3]), np.array([1, 2])),
        (np.array([[1, 2]]), np.array([1, 2])),
        ([1, 2], np.array([1, 2])),
    ],
)
def test_equal_refuses(got, wanted):
    with pytest.raises(Wrong):
        equal(got, wanted)


@pytest.mark.parametrize("value", [1, "a", None, [1, (2.0, "b")], {"a": 1}, np.array([True])])
def test_equal_accepts(value):
    equal(value, value)


class Closest(np.ndarray):
    def __sub__(self, other):
        return np.zeros(self.shape)


@pytest.mark.parametrize(
    "got, wanted",
    [
        (1.0 + 1e-6, 1.0),
        (np.nan, 1.0),
        (np.array([1.0, np.nan]), np.array([1.0, 2.0])),
        (np.inf, 1.0),
        (np.inf, -np.inf),
        (1e300, np.inf),
        ("1", 1.0),
        (True, 1.0),
        (None, 1.0),
        (np.ones((2, 1)), np.ones((1, 2))),
        (np.ones(1), 1.0),
        (np.ones(3).view(Closest), np.zeros(3)),
        (Liar(1.0), 1.0),
    ],
)
def test_close_refuses(got, wanted):
    with pytest.raises(Wrong):
        close(got, wanted)


def test_close_accepts():
    close(1.0 + 1e-9, 1.0)
    close(2, 2.0)
    close(np.array(2.0), 2.0)
    close(np.array([1e6 + 1e-3, -np.inf]), np.array([1e6, -np.inf]))
    close(np.float32([1, 2]), np.array([1.0, 2.0]), dtype="float32")
    with pytest.raises(Wrong, match="the gate must be float32, and is float64"):
        close(np.ones(2), np.ones(2), "the gate", dtype="float32")


def test_values_stay_in_the_detail():
    with pytest.raises(Wrong) as error:
        close(3.25, 4.5, "the loss")
    assert str(error.value) == "the loss is not right"
    assert error.value.detail == "expected 4.5, got 3.25"


C, C_T = np.array([[0.0, 1.0], [2.0, 0.0]]), np.array([[0.0, 2.0], [1.0, 0.0]])
NESTED, OTHER = {"a": [1, (2, 3)]}, {"a": [1, (2, 4)]}


@pytest.mark.parametrize(
    "check, got, wanted, reason, detail",
    [
        (close, C_T, C, "is not right", "at [0, 1]: expected 1.0, got 2.0"),
        (equal, C_T, C, "is not right", "at [0, 1]: expected 1.0, got 2.0"),
        (close, np.tile(C_T, (200, 200)), np.tile(C, (200, 200)), "is not right", "at [0, 1]: "),
        (
            close,
            np.array([1, np.nan]),
            np.ones(2),
            "that are not numbers (nan)",
            "at [1]: expected",
        ),
        (equal, OTHER, NESTED, "is not right", "at ['a'][1][1]: expected 3, got 4"),
        (equal, [1], [1, 2], "is not right", "expected [1, 2], got [1]"),
        (close, True, 1.0, "should be a number, and is a bool", "expected 1.0, got True"),
        (close, None, 1.0, "should be a number, and is None", "expected 1.0, got None"),
        (close, np.ones(1), 1.0, "should be a number, and is an array", "expected 1.0, got [1.]"),
        (close, None, C, "should be an array, and is None", "got None"),
        (close, [C], C, "should be an array, and is a list", ""),
        (equal, (1, 2), [1, 2], "should be a list, and is a tuple", "expected [1, 2], got (1, 2)"),
        (equal, np.ones(2), np.ones(2, dtype=int), "must be int64, and is float64", ""),
        (equal, 1, "1", "should be a text, and is an int", ""),
    ],
)
def test_what_is_said_of_a_wrong_answer(check, got, wanted, reason, detail):
    """The sentence names kinds only; the detail shows the first place that is wrong."""
    with pytest.raises(Wrong) as error:
        check(got, wanted, "C")
    assert str(error.value).startswith("C ") and str(error.value).endswith(reason)
    assert detail in error.value.detail


def test_so_many_things_are_returned():
    assert returns([1, 2], 2) == (1, 2)
    with pytest.raises(Wrong, match=r"^the result should be three things$") as error:
        returns((1, 2), 3)
    assert error.value.detail == "got 2"
    with pytest.raises(Wrong, match=r"^h and s should be two things, and is an array$"):
        returns(np.ones(2), 2, "h and s")
    with pytest.raises(Wrong, match=r"^the result should be one thing, and is an array$"):
        returns(np.ones(1), 1)


def test_entries_are_missed_by_name():
    got = {"W": 1, "b": 2, "c": 3}
    assert entries(got, ["W", "b"]) is got
    with pytest.raises(Wrong, match=r"^the result has no entry h_0, x$") as error:
        entries(got, ["W", "h_0", "x"])
    assert error.value.detail == "it has W, b, c"
    with pytest.raises(Wrong, match=r"^grads should be a dict, and is a tuple$"):
        entries((1, 2), ["W"], "grads")
    assert entries(got, "Wbc", others=False) is got
    only = r"^the result should have the entries W, b and no others$"
    with pytest.raises(Wrong, match=only) as error:
        entries(got, ["W", "b"], others=False)
    assert error.value.detail == "it has W, b, c"
    with pytest.raises(Wrong, match=r"^the result has no entry W$"):
        entries({1: 2}, ["W"])  # a key that is no text


def test_whole_numbers_as_far_apart_as_can_be_are_not_close():
    """Of the least whole number there is, the absolute value is negative."""
    with pytest.raises(Wrong):
        close(np.arange(3) + np.int64(-(2**63)), np.arange(3))


def test_each_tells_all_that_are_wrong_and_details_the_first():
    got = {"a": 1.0, "b": 3.0, "c": 4.0}

    def check(name):
        close(got[name], 1.0, name)

    each("a", check)
    with pytest.raises(Wrong, match=r"^b is not right; c is not right$") as error:
        each("abc", check)
    assert error.value.detail == "the first of them expected 1.0, got 3.0"
    with pytest.raises(Wrong, match=r"^c is not right$") as error:
        each("ac", check)
    assert error.value.detail == "expected 1.0, got 4.0"
