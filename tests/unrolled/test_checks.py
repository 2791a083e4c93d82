"""What each check lets pass, and how it names what it refuses."""

import numpy as np
import pytest
import torch

from unrolled import checks


def test_whole_numbers_of_every_library():
    for three in (3, np.int64(3), np.uint8(3), np.array(3), torch.tensor(3)):
        checks.whole(3, 3, T=three)
        assert checks.is_whole(three)
    checks.whole(T=0)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (0, "^T must be at least 1, got 0$"),
        (np.int64(-2), "^T must be at least 1, got "),
        (10**30, "^T must be at most 2147483647, got 1000"),
        (10**401, "^T must be a whole number, got a int$"),
        (2.0, "^T must be a whole number, got 2.0$"),
        (True, "^T must be a whole number, got True$"),
        ("3", "^T must be a whole number, got '3'$"),
        (np.zeros((2, 3)), r"^T must be a whole number, got ndarray of float64 \(2, 3\)$"),
        (torch.ones(2), r"^T must be a whole number, got Tensor of torch.float32 \(2,\)$"),
    ],
)
def test_what_is_no_whole_number(wrong, said):
    with pytest.raises(ValueError, match=said):
        checks.whole(1, T=wrong)
    assert not checks.is_whole(wrong, 1)


def test_the_second_of_several_is_named():
    with pytest.raises(ValueError, match="N must be at least 1, got -1"):
        checks.whole(1, T=1, N=-1)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (-0.1, "^p must be at least 0 and at most 1, got -0.1$"),
        (1.1, "^p must be at least 0 and at most 1, got 1.1$"),
        (float("nan"), "^p must be at least 0 and at most 1, got nan$"),
        (10**400, "^p must be at least 0 and at most 1, got a int$"),
        ("1", "^p must be a number, got '1'$"),
        (1j, "^p must be a number, got 1j$"),
        (None, "^p must be a number, got None$"),
        (np.ones(2), r"^p must be a number, got \[1.0, 1.0\]$"),
    ],
)
def test_what_is_no_number_of_the_range(wrong, said):
    with pytest.raises(ValueError, match=said):
        checks.number(0, 1, p=wrong)


def test_numbers():
    for right in (0, 1, 0.5, np.float32(1), np.int64(0), True):
        checks.number(0, 1, p=right)
    checks.number(0, np.inf, p=np.inf)
    checks.number(p=-1e308)
    for wrong in (np.inf, -np.inf, np.nan, 10**400):
        with pytest.raises(ValueError, match=r"^p must be a number, got "):
            checks.number(p=wrong)


def test_arrays_and_lists_of_them():
    a = np.ones((2, 3))
    assert checks.array("x", a) is a
    assert checks.array("ids", [], "iu").dtype.kind == "i"
    assert checks.array("x", [], "f").dtype == float
    with pytest.raises(ValueError, match=r"^ids must be whole, got \[1.5\]$"):
        checks.array("ids", [1.5], "iu", "whole")
    for ragged in ([[1], [1, 2]], torch.ones(2, requires_grad=True)):
        with pytest.raises(ValueError, match=r"^x must be an array of numbers, got "):
            checks.array("x", ragged)


def test_kinds_of_things():
    checks.generator(np.random.default_rng(0))
    checks.function(f=len)
    checks.kind("a list", list, a=[], b=[1])
    with pytest.raises(ValueError, match=r"^rng must be a NumPy generator.*, got 0$"):
        checks.generator(0)
    with pytest.raises(ValueError, match=r"^f must be a function, got None$"):
        checks.function(f=None)
    with pytest.raises(ValueError, match=r"^b must be a list, got a dict$"):
        checks.kind("a list", list, a=[], b={})
