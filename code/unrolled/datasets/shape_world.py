"""Pictures of coloured shapes, sentences about them, and a count of each sentence's errors.

A scene holds one thing or two. The sentences have this grammar:

    sentence -> thing | thing relation thing
    thing    -> "a" colour shape
    relation -> "above" | "below" | "left of" | "right of"

The judge reads the grammar, not a list of references: every true sentence is right.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy import ndarray

from unrolled import checks
from unrolled.datasets.text import END, MARKS, START, Vocabulary, check_ids, pad

SIZE = 18  # pixels, of both sides of a picture
RADIUS = 3  # so that a thing is 7 pixels wide and high
COLOURS = {
    "red": (0.85, 0.15, 0.15),
    "green": (0.1, 0.6, 0.25),
    "blue": (0.15, 0.3, 0.9),
    "yellow": (0.95, 0.8, 0.1),
}
SHAPES = ("circle", "square", "triangle", "cross")
RELATIONS = ("above", "below", "left of", "right of")
KINDS = ("colour", "shape", "relation", "number", "grammar")  # of errors
TRIES = 10_000  # random scenes to look at before a part is called impossible
VOCABULARY = Vocabulary((*MARKS, "a", *COLOURS, *SHAPES, "above", "below", "left", "right", "of"))


class Thing(NamedTuple):
    """A shape and its centre, in pixels; row 0 is at the top."""

    colour: str
    shape: str
    row: int
    column: int


Scene = tuple[Thing, ...]  # one thing or two


def holds(relation: str, first: Thing, second: Thing) -> bool:
    """Is it true that first stands in this relation to second?

    Above: all of the first lies in rows over all of the second's. The others are alike, so a pair
    in the diagonal satisfies two relations, and a pair that overlaps satisfies none.
    """
    if not isinstance(relation, str) or relation not in RELATIONS:
        raise ValueError(f"relation must be one of {RELATIONS}, got {checks.came(relation)}")
    check_scene("first and second", (first, second))
    down, right = second.row - first.row, second.column - first.column
    distance = dict(zip(RELATIONS, (down, -down, right, -right), strict=True))[relation]
    return distance > 2 * RADIUS


def part_of(scene: Scene) -> str:
    """To which part of the data a scene belongs: "train", "pair" or "thing".

    Number the colours and the shapes from 0. "thing": some thing has the same number twice (the
    red circle, the green square, …), and so occurs in no other part. "pair": each thing occurs in
    training, not the two together; by rule, their numbers 4 colour + shape sum to a multiple of 5.
    """
    check_scene("scene", scene)
    pairs = [([*COLOURS].index(thing.colour), SHAPES.index(thing.shape)) for thing in scene]
    if any(colour == shape for colour, shape in pairs):
        return "thing"
    numbers = [4 * colour + shape for colour, shape in pairs]
    return "pair" if len(scene) == 2 and sum(numbers) % 5 == 0 else "train"


def scenes(N: int, part: str, rng: np.random.Generator, single: float = 0.25) -> list[Scene]:
    """N random scenes of a part of the data, a share `single` of them with one thing.

    The part "pair" has none with one thing, whatever `single`.
    """
    checks.whole(N=N)
    checks.generator(rng)
    checks.number(0, 1, single=single)
    if part not in ("train", "pair", "thing"):
        raise ValueError(f'part must be "train", "pair" or "thing", got {part!r}')
    found = []
    while len(found) < N:
        alone = part != "pair" and rng.random() < single
        found.append(_scene(1 if alone else 2, part, rng))
    return found


def _scene(count: int, part: str, rng: np.random.Generator) -> Scene:
    """A scene of this part with `count` things; two stand in a relation, so they do not overlap."""
    for _ in range(TRIES):
        scene = ()
        for _ in range(count):
            colour, shape = rng.integers(4, size=2)
            row, column = rng.integers(RADIUS, SIZE - RADIUS, size=2).tolist()
            scene += (Thing([*COLOURS][colour], SHAPES[shape], row, column),)
        apart = count == 1 or any(holds(relation, *scene) for relation in RELATIONS)
        if apart and part_of(scene) == part:
            return scene
    raise ValueError(f"no scene of part {part!r} with {count} things in {TRIES} random ones")


def paint(scene: Scene, rng: np.random.Generator) -> ndarray:
    """The picture (3, SIZE, SIZE), float32: red, green and blue from 0 to 1, with some noise."""
    check_things("scene", scene)
    checks.generator(rng)
    picture = np.full((3, SIZE, SIZE), 0.9) - rng.uniform(0, 0.3)
    for thing in scene:
        shade = np.array(COLOURS[thing.colour]) * rng.uniform(0.8, 1.0)
        picture[:, mask(thing)] = shade[:, None]
    picture += rng.normal(size=picture.shape) * 0.03
    return picture.clip(0, 1).astype(np.float32)


def mask(thing: Thing) -> ndarray:
    """The pixels that a thing covers, (SIZE, SIZE) booleans."""
    check_scene("thing", (thing,))
    row, column = np.ogrid[:SIZE, :SIZE]
    down, across, r = row - thing.row, np.abs(column - thing.column), RADIUS
    inside = (np.abs(down) <= r) & (across <= r)
    if thing.shape == "circle":
        return down**2 + across**2 <= (r + 0.3) ** 2
    if thing.shape == "triangle":
        return inside & (2 * across <= down + r)  # the tip at the top
    if thing.shape == "cross":
        return inside & ((np.abs(down) <= r // 3) | (across <= r // 3))
    return inside


def sentences(scene: Scene) -> list[str]:
    """All true sentences that name every thing of the scene."""
    check_scene("scene", scene)
    names = [f"a {thing.colour} {thing.shape}" for thing in scene]
    if len(scene) == 1:
        return names
    orders = ((0, 1), (1, 0))
    return [
        f"{names[i]} {relation} {names[j]}"
        for i, j in orders
        for relation in RELATIONS
        if holds(relation, scene[i], scene[j])
    ]


def parse(sentence: str) -> tuple[list[tuple[str, str]], str | None] | None:
    """The things (colour, shape) and the relation of a sentence; None if it is ungrammatical."""
    checks.text(sentence=sentence)
    words = sentence.split()
    first, relation, second = words[:3], " ".join(words[3:-3]), words[-3:]
    things = [first] if len(words) == 3 else [first, second]
    for thing in things:
        if len(thing) < 3 or thing[0] != "a" or thing[1] not in COLOURS or thing[2] not in SHAPES:
            return None
    if len(things) == 2 and relation not in RELATIONS:
        return None
    return [(colour, shape) for _, colour, shape in things], relation or None


def errors(sentence: str, scene: Scene) -> dict[str, int]:
    """How many errors of each of the KINDS a sentence about a scene has; all 0: it is right.

    Which thing the sentence means is read in its favour: the reading with the fewest errors
    counts. "number": it names one thing where there are two, or two where there is one; then only
    one thing is compared. What is ungrammatical counts as one error, of grammar.
    """
    check_scene("scene", scene)
    parsed = parse(sentence)
    if parsed is None:
        return dict.fromkeys(KINDS, 0) | {"grammar": 1}
    said, relation = parsed
    readings = [_compare(said, relation, order) for order in (scene, scene[::-1])]
    if len(scene) == 1:  # either of two things said may be the one
        readings.append(_compare(said[::-1], relation, scene))
    return min(readings, key=lambda count: sum(count.values()))


def _compare(said: list, relation: str | None, meant: Scene) -> dict[str, int]:
    """Errors if the things said are these, in this order."""
    both = [*zip(said, meant, strict=False)]
    two = len(said) == len(meant) == 2
    return {
        "colour": sum(colour != thing.colour for (colour, _), thing in both),
        "shape": sum(shape != thing.shape for (_, shape), thing in both),
        "relation": int(two and not holds(relation, *meant)),
        "number": int(len(said) != len(meant)),
        "grammar": 0,
    }


def batch(scenes: Iterable[Scene], rng: np.random.Generator) -> tuple[ndarray, ndarray, ndarray]:
    """Scenes -> pictures (N, 3, SIZE, SIZE), inputs (T, N) and targets (T, N).

    Each is drawn once and gets one of its true sentences at random. Inputs begin with START,
    targets end with END; both are filled up with PAD.
    """
    scenes = checks.items("scenes", scenes)
    if not all(sentences(scene) for scene in scenes) or not scenes:
        raise ValueError("scenes must be of things that a sentence is true of, got none")
    pictures = np.stack([paint(scene, rng) for scene in scenes])
    ids = [VOCABULARY.encode(rng.choice(sentences(scene)).split()) for scene in scenes]
    inputs, _ = pad([[START, *sentence] for sentence in ids])
    targets, _ = pad([[*sentence, END] for sentence in ids])
    return pictures, inputs, targets


def batches(data: tuple[ndarray, ...], N: int, rng: np.random.Generator) -> Iterator[tuple]:
    """Batches of N from what `batch` returned, without end: all in random order, then again."""
    checks.generator(rng)
    if not isinstance(data, list | tuple) or len(data) != 3:
        raise ValueError(f"data must be pictures, inputs, targets, got {checks.came(data)}")
    pictures, inputs, targets = (checks.array("each of data", part) for part in data)
    sizes = pictures.shape[:1], inputs.shape[1:2], targets.shape[1:2]
    if len(set(sizes)) != 1 or sizes[0] == ():
        raise ValueError(f"data must be of as many pictures, inputs, targets, got {sizes}")
    if not checks.is_whole(N) or not 0 < N <= len(pictures):
        raise ValueError(f"N must be in 1…{len(pictures)}, got {checks.came(N)}")
    while True:
        shuffled = rng.permutation(len(pictures))
        for start in range(0, len(shuffled) - N + 1, N):
            rows = shuffled[start : start + N]
            yield pictures[rows], inputs[:, rows], targets[:, rows]


def sentence_of(ids: Sequence[int]) -> str:
    """Ids -> the sentence before the first END. ValueError for ids that the vocabulary lacks."""
    ids = check_ids(ids, len(VOCABULARY))
    if ids.ndim != 1:
        raise ValueError(f"ids must be (length,), got {ids.shape}")
    ids = ids.tolist()
    return VOCABULARY.decode(ids[: ids.index(END) if END in ids else None], " ")


def check_scene(name: str, scene: Scene) -> None:
    """ValueError unless these are one or two things of known colours and shapes, at pixels."""
    check_things(name, scene)
    if not 1 <= len(scene) <= 2:
        raise ValueError(f"{name} must be one thing or two, got {len(scene)}")


def check_things(name: str, scene: Scene) -> None:
    """ValueError unless these are things of known colours and shapes, at pixels; any number."""
    if not isinstance(scene, list | tuple):
        raise ValueError(f"{name} must be a tuple of things, got {checks.came(scene)}")
    for thing in scene:
        checks.kind("a Thing", Thing, **{name: thing})
        known = all(isinstance(word, str) for word in thing[:2])
        if not known or thing.colour not in COLOURS or thing.shape not in SHAPES:
            raise ValueError(f"{name} must have a known colour and shape, got {thing}")
        checks.number(-1e6, 1e6, **{f"row of {name}": thing.row, f"column of {name}": thing.column})
