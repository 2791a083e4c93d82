"""The shell game: the ball is where one cup after the other puts it."""

import numpy as np
import pytest

from unrolled.datasets.shell_game import shell_game, swaps


def test_every_pair_once():
    assert swaps(3) == [(0, 1), (0, 2), (1, 2)] and len(swaps(5)) == 10


def test_the_ball_goes_with_its_cup():
    """All cups are moved, each with a label on it."""
    ids, place = shell_game(9, 200, np.random.default_rng(0), cups=4)
    assert ids.shape == place.shape == (9, 200) and ids.dtype == place.dtype == np.int64
    for n in range(200):
        labels = list(range(4))  # labels[p]: where the cup came from that stands at p
        assert place[0, n] == ids[0, n]
        for t in range(1, 9):
            a, b = swaps(4)[ids[t, n] - 4]
            labels[a], labels[b] = labels[b], labels[a]
            assert place[t, n] == labels.index(ids[0, n])


def test_all_is_as_likely():
    ids, place = shell_game(12, 20_000, np.random.default_rng(1), cups=3)
    assert np.bincount(place[-1]) / 20_000 == pytest.approx(1 / 3, abs=0.02)
    assert np.bincount(ids[5])[3:] / 20_000 == pytest.approx(1 / 3, abs=0.02)


def test_errors():
    with pytest.raises(ValueError, match="cups must be at least 2"):
        shell_game(3, 1, np.random.default_rng(0), cups=1)
    with pytest.raises(ValueError, match="T must be at least 1"):
        shell_game(0, 1, np.random.default_rng(0))
