"""A world of coloured fields, directions in words, and the walks that follow them.

A world is a square of fields, each plain or of one colour. Its edges join: who leaves it
on one side enters on the other. Directions have this grammar; each leg turns off:

    directions -> leg | leg "then" directions
    leg        -> move "to" colour
    move       -> "up" | "down" | "left" | "right"

The rule: a leg goes on in its direction up to the next field of its colour (the one on
which it begins does not count), then comes the next leg. Just one series of moves is right.
"""

from typing import NamedTuple

import numpy as np
from numpy import ndarray

from unrolled import checks
from unrolled.datasets.text import END, MARKS, START, Vocabulary, check_ids, one_hot, pad

SIZE = 7  # fields, of both sides of a world
PLAIN = 0.5  # share of fields without a colour
COLOURS = ("red", "green", "blue", "yellow")  # fields are numbered: 0 is plain, 1 is red, …
STEPS = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}  # row 0 is at the top
MOVES = Vocabulary((*MARKS, *STEPS))  # END is to stop
VOCABULARY = Vocabulary((*MARKS, *STEPS, *COLOURS, "to", "then"))
SEEN = 5 * (1 + len(COLOURS))  # numbers in a view


class Walks(NamedTuple):
    """N worlds, each with a start, with directions of S words, and with the expert's walk."""

    fields: ndarray  # (N, SIZE, SIZE)
    starts: ndarray  # (N, 2): row and column
    goals: ndarray  # (N, 2)
    words: ndarray  # (S, N)
    views: ndarray  # (T, N, SEEN): what the expert sees before each move
    inputs: ndarray  # (T, N): the expert's last move, START at first
    targets: ndarray  # (T, N): its next one, END at the goal, PAD after it


def random_world(rng: np.random.Generator) -> ndarray:
    """A world (SIZE, SIZE); each row and column has two coloured fields or more."""
    checks.generator(rng)
    p = [PLAIN] + [(1 - PLAIN) / len(COLOURS)] * len(COLOURS)
    while True:
        fields = rng.choice(len(p), size=(SIZE, SIZE), p=p)
        if min((fields > 0).sum(axis=axis).min() for axis in (0, 1)) >= 2:
            return fields


def ahead(fields: ndarray, place: ndarray, move: str) -> ndarray:
    """The other fields of a row or column (SIZE - 1,), in the order in which one meets them."""
    fields, place = check_world(fields, place)
    if not isinstance(move, str) or move not in STEPS:
        raise ValueError(f"move must be one of {', '.join(STEPS)}, got {move!r}")
    rows, columns = (place + np.outer(np.arange(1, SIZE), STEPS[move])).T % SIZE
    return fields[rows, columns]


def walk_leg(fields: ndarray, place: ndarray, leg: str) -> tuple[list[str], ndarray]:
    """The moves of a leg such as "up to red", and where they lead. ValueError without red there."""
    checks.text(leg=leg)
    fields, place = check_world(fields, place)
    words = leg.split()
    if len(words) != 3 or words[0] not in STEPS or words[1] != "to" or words[2] not in COLOURS:
        raise ValueError(f'a leg must be like "up to red", got {leg!r}')
    move, _, colour = words
    (found,) = np.nonzero(ahead(fields, place, move) == COLOURS.index(colour) + 1)
    if len(found) == 0:
        raise ValueError(f"leg: no {colour} field {move} from {tuple(place.tolist())}")
    moves = [move] * (int(found[0]) + 1)
    return moves, (place + len(moves) * np.array(STEPS[move])) % SIZE


def expert(fields: ndarray, place: ndarray, text: str) -> list[str]:
    """The one right series of moves from this place. ValueError if there is none."""
    checks.text(text=text)
    fields, place = check_world(fields, place)
    moves = []
    for leg in text.split(" then "):
        some, place = walk_leg(fields, place, leg)
        moves += some
    return moves


def directions(fields: ndarray, place: ndarray, legs: int, rng: np.random.Generator) -> str:
    """Random directions from this place; each leg takes any colour that lies ahead."""
    fields, place = check_world(fields, place)
    checks.generator(rng)
    checks.whole(1, 10_000, legs=legs)
    said, move = [], rng.choice([*STEPS])
    for _ in range(legs):
        move = rng.choice([m for m in STEPS if np.dot(STEPS[m], STEPS[move]) == 0])
        numbers = np.unique(ahead(fields, place, move))
        if not (numbers > 0).any():
            raise ValueError(f"fields must have a colour in each row and column, got none {move}")
        said.append(f"{move} to {COLOURS[rng.choice(numbers[numbers > 0]) - 1]}")
        _, place = walk_leg(fields, place, said[-1])
    return " then ".join(said)


def view(fields: ndarray, places: ndarray) -> ndarray:
    """Worlds (N, SIZE, SIZE), places (N, 2) -> (N, SEEN): the field underfoot and its neighbours.

    Underfoot, up, down, left, right; each is one-hot in float32, plain first, then the COLOURS.
    """
    fields = check_fields(fields, 3)
    places = check_places(places)
    if len(fields) != len(places):
        raise ValueError(f"places must be one for each of {len(fields)} fields, got {len(places)}")
    rows, columns = (places[:, None] + [(0, 0), *STEPS.values()]).T % SIZE  # (5, N) each
    seen = fields[np.arange(len(fields)), rows, columns]  # (5, N)
    return np.concatenate(one_hot(seen, 1 + len(COLOURS), np.float32), axis=1)


def after(places: ndarray, moves: ndarray) -> ndarray:
    """Places (N, 2) after one move each, ids (N,). START, END and PAD move nobody."""
    places, moves = check_places(places), check_ids(moves, len(MOVES), "moves")
    if moves.shape != places.shape[:1]:
        raise ValueError(f"moves must be ({len(places)},), got {moves.shape}")
    return (places + np.array([(0, 0)] * len(MARKS) + [*STEPS.values()])[moves]) % SIZE


def walks(N: int, legs: int, rng: np.random.Generator) -> Walks:
    """N random worlds with random directions of so many legs."""
    checks.whole(-checks.MOST, 10_000, legs=legs)
    if legs < 1:
        raise ValueError(f"legs: directions have at least one leg, got {legs}")
    checks.whole(1, N=N)
    checks.generator(rng)
    fields = np.stack([random_world(rng) for _ in range(N)])
    starts = rng.integers(SIZE, size=(N, 2))
    texts = [directions(*world, legs, rng) for world in zip(fields, starts, strict=True)]
    paths = [MOVES.encode(expert(*a)) for a in zip(fields, starts, texts, strict=True)]
    words = np.stack([VOCABULARY.encode(text.split()) for text in texts], axis=1)
    inputs, _ = pad([[START, *path] for path in paths])
    targets, _ = pad([[*path, END] for path in paths])
    places = [after(starts, inputs[0])]
    for last in inputs[1:]:
        places.append(after(places[-1], last))
    views = np.stack([view(fields, at) for at in places])
    return Walks(fields, starts, places[-1], words, views, inputs, targets)


def check_fields(fields: ndarray, axes: int = 2) -> ndarray:
    """Worlds as an array; ValueError unless they are (SIZE, SIZE), or many of them, in colours."""
    fields = check_ids(fields, 1 + len(COLOURS), "fields")
    if fields.ndim != axes or fields.shape[-2:] != (SIZE, SIZE):
        expected = "(" + "N, " * (axes - 2) + f"{SIZE}, {SIZE})"
        raise ValueError(f"fields must be {expected}, got {fields.shape}")
    return fields


def check_world(fields: ndarray, place: ndarray) -> tuple[ndarray, ndarray]:
    """A world and a place in it (2,), as arrays; ValueError for anything else."""
    fields, place = check_fields(fields), checks.array("place", place, "iu", "whole numbers")
    if place.shape != (2,) or not (0 <= place.min() <= place.max() < SIZE):
        raise ValueError(f"place must be a row and a column below {SIZE}, got {checks.came(place)}")
    return fields, place.astype(int)


def check_places(places: ndarray) -> ndarray:
    """Places as an array (N, 2); ValueError for anything else."""
    places = check_ids(places, SIZE, "places")
    if places.ndim != 2 or places.shape[1] != 2:
        raise ValueError(f"places must be (N, 2), got {places.shape}")
    return places.astype(int)
