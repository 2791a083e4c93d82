"""Tapes with letters: the rule that each task follows."""

import numpy as np
import pytest

from unrolled.datasets.scattered_letters import IGNORED, copying, induction, tapes


def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("scattered", [True, False])
def test_letters_stand_in_order(scattered):
    ids, letters = tapes(11, 500, rng(), K=3, V=4, scattered=scattered)
    assert ids.shape == (11, 500) and letters.shape == (3, 500) and ids.dtype == np.int64
    for n in range(500):
        assert ids[ids[:, n] > 0, n].tolist() == letters[:, n].tolist()
    assert set(letters.ravel()) == {1, 2, 3, 4}
    places = {tuple(np.flatnonzero(ids[:, n])) for n in range(500)}
    assert len(places) > 100 if scattered else places == {(0, 3, 6)}


def test_every_place_is_as_likely():
    ids, _ = tapes(6, 30_000, rng(), K=2)
    assert (ids > 0).mean(axis=1) == pytest.approx(1 / 3, abs=0.01)


def test_a_tape_may_be_full():
    ids, letters = tapes(3, 5, rng(), K=3)
    assert np.array_equal(ids, letters)


def test_copying_asks_behind_the_tape():
    ids, y = copying(8, 50, rng(), K=3, V=4)
    assert ids.shape == y.shape == (11, 50)
    assert (ids[8:] == 5).all() and (ids[:8] < 5).all() and (y[:8] == IGNORED).all()
    for n in range(50):
        assert ids[:8][ids[:8, n] > 0, n].tolist() == y[8:, n].tolist()


def test_induction_asks_for_what_followed_the_mark():
    ids, y = induction(7, 2000, rng(), V=3)
    first = (ids == 4).argmax(axis=0)
    assert ((ids == 4).sum(axis=0) == 2).all() and (ids[-1] == 4).all()
    assert np.array_equal(ids[first + 1, np.arange(2000)], y[-1]) and (y[:-1] == IGNORED).all()
    assert set(first) == {0, 1, 2, 3, 4} and set(y[-1]) == {1, 2, 3}


def test_too_short():
    with pytest.raises(ValueError, match="T must be at least 4"):
        tapes(3, 1, rng(), K=4)
    with pytest.raises(ValueError, match="T must be at least 3"):
        induction(2, 1, rng())
