"""Offers: the answer is whose mark was highest."""

import numpy as np
import pytest

from unrolled.datasets.offers import offers


def test_the_best_wins():
    x, y = offers(7, 300, np.random.default_rng(0), V=3)
    assert x.shape == (7, 300, 4) and y.shape == (300,)
    for n in range(300):
        best = max(range(7), key=lambda t: x[t, n, 0])
        assert x[best, n, 1:].tolist() == [float(v == y[n]) for v in range(3)]


def test_marks_and_owners_are_uniform():
    x, _ = offers(50, 2000, np.random.default_rng(1))
    marks = x[..., 0].ravel()
    assert abs(marks).max() <= 5 and marks.std() == pytest.approx(10 / 12**0.5, rel=0.01)
    assert x[..., 1:].mean(axis=(0, 1)) == pytest.approx(0.25, abs=0.01)


def test_errors():
    with pytest.raises(ValueError, match="T must be at least 1"):
        offers(0, 1, np.random.default_rng(0))
