from collections import Counter

import numpy as np
import pytest

from unrolled.grading.draw import Draw

PINNED = [776, 381, 998, 23]


def test_numbers_are_these_for_ever():
    """Sheets that were handed out must be graded with the numbers they were made with."""
    draw = Draw("autumn", "gates", "sheet")
    assert [draw.below(1000) for _ in range(4)] == PINNED
    assert Draw("autumn").at("gates", "sheet").below(1000) == PINNED[0]


def test_a_path_has_numbers_of_its_own():
    def first(*path):
        return int(Draw(*path).words(1)[0])

    paths = [("k",), ("k", "a"), ("k", "a", "b"), ("k", "ab"), ("ka",), ("k", ""), ("k", "a#0")]
    assert len({first(*path) for path in paths}) == len(paths)
    draw = Draw("k")
    before = draw.at("a").below(10**9)
    draw.uniform(5)
    assert draw.at("a").below(10**9) == before


def test_each_number_is_as_likely():
    draw = Draw("fair")
    counts = Counter(draw.below(6) for _ in range(6000))
    assert set(counts) == set(range(6))
    assert all(abs(count - 1000) < 150 for count in counts.values())  # five standard deviations
    assert {draw.between(-1, 1) for _ in range(50)} == {-1, 0, 1}


def test_sample_takes_none_twice():
    draw = Draw("sample")
    picks = [tuple(draw.sample("abcd", 4)) for _ in range(200)]
    assert all(sorted(pick) == list("abcd") for pick in picks)
    assert len(set(picks)) == 24
    with pytest.raises(ValueError, match="only 2 items, got k = 3"):
        draw.sample("ab", 3)
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        draw.below(0)


def test_uniform_fills_its_interval():
    numbers = Draw("uniform").uniform(40, 50, low=2, high=6)
    assert numbers.shape == (40, 50) and numbers.dtype == np.float64
    assert 2 <= numbers.min() < 2.02 and 5.98 < numbers.max() < 6
    assert abs(numbers.mean() - 4) < 5 * (4 / 12**0.5) / 2000**0.5
    assert type(Draw("uniform").uniform()) is float


def test_a_name_that_is_no_proper_text_has_numbers_too():
    """As that of a file which another system has named."""
    assert Draw("key", "\udcff").below(10**9) != Draw("key", "\udcfe").below(10**9)
