"""Edit distance, against a search that makes the edits."""

from itertools import product

import pytest

from unrolled.decoding.edit_distance import distance, error_rate


def neighbours(text, alphabet):
    """Everything one edit away."""
    for i in range(len(text) + 1):
        yield from (text[:i] + letter + text[i:] for letter in alphabet)
        if i < len(text):
            yield text[:i] + text[i + 1 :]
            yield from (text[:i] + letter + text[i + 1 :] for letter in alphabet)


def test_fewest_edits():
    """From each text, breadth first through all texts of at most 4 letters."""
    texts = ["".join(t) for n in range(4) for t in product("ab", repeat=n)]
    for start in texts:
        steps, wave = {start: 0}, [start]
        for made in range(1, 4):
            wave = [t for old in wave for t in neighbours(old, "ab") if len(t) < 5]
            wave = [t for t in dict.fromkeys(wave) if t not in steps]
            steps |= dict.fromkeys(wave, made)
        for text in texts:
            assert distance(start, text) == steps[text], (start, text)


@pytest.mark.parametrize(
    ("a", "b", "edits"), [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("ab", "ba", 2)]
)
def test_known(a, b, edits):
    assert distance(a, b) == edits
    assert distance([*a], [*b]) == edits


def test_error_rate():
    assert error_rate(["ab", "c"], ["ab", "cde"]) == 2 / 5
    assert error_rate(["abcd"], ["e"]) == 4.0  # more edits than letters
    assert error_rate(["no", "yes"], ["no", "no"]) == pytest.approx(3 / 4)


def test_nothing_to_compare():
    with pytest.raises(ValueError, match="at least one"):
        error_rate([""], [""])
    with pytest.raises(ValueError):
        error_rate(["a"], ["a", "b"])
