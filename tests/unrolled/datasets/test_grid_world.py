"""The world of coloured fields: its rule, and the expert's walks as a network is shown them."""

import numpy as np
import pytest

from unrolled.datasets import grid_world
from unrolled.datasets.grid_world import COLOURS, MOVES, SIZE, STEPS, VOCABULARY
from unrolled.datasets.text import END, PAD, START


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def fields():
    """Red in the middle of the top row and at its end, blue below the latter."""
    world = np.zeros((SIZE, SIZE), int)
    world[0, 2] = world[0, 5] = 1
    world[3, 5] = 3
    return world


def by_hand(fields, place, text):
    """One field after the other, as a person would walk it."""
    (row, column), moves = place, []
    for leg in text.split(" then "):
        move, _, colour = leg.split()
        for _ in range(SIZE):
            row, column = (row + STEPS[move][0]) % SIZE, (column + STEPS[move][1]) % SIZE
            moves.append(move)
            if fields[row, column] == COLOURS.index(colour) + 1:
                break
        else:
            raise AssertionError(f"{leg} leads nowhere")
    return moves, (row, column)


def test_the_rule(fields):
    """The next red field, not the one underfoot, and around the edge."""
    text = "right to red then down to blue"
    assert grid_world.expert(fields, np.array([0, 0]), "right to red") == ["right"] * 2
    assert grid_world.expert(fields, np.array([0, 2]), text) == ["right"] * 3 + ["down"] * 3
    assert grid_world.expert(fields, np.array([0, 5]), "right to red") == ["right"] * 4
    assert grid_world.expert(fields, np.array([0, 5]), "up to blue") == ["up"] * 4


def test_walks_agree_with_walking(rng):
    w = grid_world.walks(50, 3, rng)
    for n in range(50):
        text = " ".join(VOCABULARY.symbols[i] for i in w.words[:, n])
        moves, goal = by_hand(w.fields[n], w.starts[n], text)
        path = [*MOVES.encode(moves)]
        filled = [PAD] * (len(w.targets) - len(path) - 1)
        assert w.targets[:, n].tolist() == [*path, END, *filled]
        assert w.inputs[:, n].tolist() == [START, *path, *filled]
        assert w.goals[n].tolist() == [*goal]


def test_views_are_those_of_the_way(rng):
    """Seen before each move: the field underfoot and those up, down, left and right of it."""
    w = grid_world.walks(20, 2, rng)
    assert w.views.dtype == np.float32
    places = w.starts
    for t, moves in enumerate(w.targets):
        numbers = w.views[t].reshape(20, 5, 5).argmax(axis=2)
        for n, (row, column) in enumerate(places):
            around = np.roll(w.fields[n], (1 - row, 1 - column), axis=(0, 1))[:3, :3]
            assert numbers[n].tolist() == [
                around[i] for i in [(1, 1), (0, 1), (2, 1), (1, 0), (1, 2)]
            ]
        assert (w.views[t].sum(axis=1) == 5).all()
        places = grid_world.after(places, moves)
    assert (places == w.goals).all()


def test_every_leg_turns_and_all_occur(rng):
    w = grid_world.walks(300, 3, rng)
    said = np.array(VOCABULARY.symbols)[w.words]  # (11, N)
    upright = np.isin(said[[0, 4, 8]], ("up", "down"))
    assert (upright[0] != upright[1]).all() and (upright[1] != upright[2]).all()
    assert (said[[1, 5, 9]] == "to").all() and (said[[3, 7]] == "then").all()
    for leg in range(3):
        assert set(said[4 * leg]) == set(STEPS)
        assert all((said[4 * leg + 2] == colour).mean() > 0.15 for colour in COLOURS)


def test_no_row_or_column_is_too_plain(rng):
    for _ in range(50):
        coloured = grid_world.random_world(rng) > 0
        assert coloured.sum(axis=0).min() >= 2 and coloured.sum(axis=1).min() >= 2


def test_half_of_the_fields_are_plain_and_the_colours_share_the_rest(rng):
    """Nearly half: worlds with too plain a row are thrown away. Starts may be anywhere."""
    fields = np.stack([grid_world.random_world(rng) for _ in range(400)])
    shares = np.bincount(fields.ravel()) / fields.size
    assert shares[0] == pytest.approx(0.46, abs=0.03)
    assert shares[1:] == pytest.approx([(1 - shares[0]) / 4] * 4, abs=0.01)
    starts = grid_world.walks(1000, 1, rng).starts
    for axis in (0, 1):
        counts = np.bincount(starts[:, axis], minlength=7)
        assert len(counts) == 7 and counts.min() > 95 and counts.max() < 195


def test_wrong_input_is_named(fields, rng):
    with pytest.raises(ValueError, match="no blue field right from"):
        grid_world.expert(fields, np.array([0, 0]), "right to blue")
    for wrong in ("north to red", "up to pink", "up red", "up to red down to blue"):
        with pytest.raises(ValueError, match='a leg must be like "up to red", got'):
            grid_world.expert(fields, np.array([0, 0]), wrong)
    with pytest.raises(ValueError, match="at least one leg, got 0"):
        grid_world.walks(3, 0, rng)
