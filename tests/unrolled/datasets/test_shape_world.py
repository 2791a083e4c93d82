"""The world of shapes: what is true in it, and a judge that must not be fooled."""

import colorsys
from collections import Counter

import numpy as np
import pytest

from unrolled.datasets import shape_world
from unrolled.datasets.shape_world import Thing
from unrolled.datasets.text import END, PAD, START

CROSS, SQUARE = Thing("red", "cross", 5, 4), Thing("blue", "square", 5, 13)
PAIR = (CROSS, SQUARE)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def nonzero(sentence, scene):
    return {kind: n for kind, n in shape_world.errors(sentence, scene).items() if n}


def test_relations_need_a_gap():
    assert shape_world.holds("left of", CROSS, SQUARE) and shape_world.holds(
        "right of", SQUARE, CROSS
    )
    assert not shape_world.holds("right of", CROSS, SQUARE)
    assert not shape_world.holds("above", CROSS, SQUARE)
    near = SQUARE._replace(column=4 + 2 * shape_world.RADIUS)  # they share a column of pixels
    assert not shape_world.holds("left of", CROSS, near)
    assert shape_world.holds("left of", CROSS, near._replace(column=near.column + 1))
    assert shape_world.holds("above", CROSS, SQUARE._replace(row=12))  # row 0 is at the top


def test_all_true_sentences():
    assert shape_world.sentences((CROSS,)) == ["a red cross"]
    assert shape_world.sentences(PAIR) == [
        "a red cross left of a blue square",
        "a blue square right of a red cross",
    ]
    assert len(shape_world.sentences((CROSS, SQUARE._replace(row=14)))) == 4


def test_the_judge_agrees_with_the_grammar(rng):
    """Right is exactly what is among the true sentences, for every sentence there is."""
    things = [f"a {c} {s}" for c in ("red", "blue") for s in shape_world.SHAPES]
    said = things + [f"{a} {r} {b}" for a in things for r in shape_world.RELATIONS for b in things]
    twins = (CROSS, CROSS._replace(row=13))
    for scene in [(CROSS,), PAIR, PAIR[::-1], twins, (CROSS, SQUARE._replace(row=14))]:
        true = set(shape_world.sentences(scene))
        for sentence in said:
            assert (nonzero(sentence, scene) == {}) == (sentence in true), (sentence, scene)


def test_errors_by_kind():
    assert nonzero("a red cross right of a blue square", PAIR) == {"relation": 1}
    assert nonzero("a red cross left of a green square", PAIR) == {"colour": 1}
    assert nonzero("a blue circle right of a red cross", PAIR) == {"shape": 1}
    assert nonzero("a green circle right of a red cross", PAIR) == {"colour": 1, "shape": 1}
    assert nonzero("a blue square", PAIR) == {"number": 1}
    for one in PAIR:  # two things said: the better one is compared
        assert nonzero("a red cross left of a blue square", (one,)) == {"number": 1}


@pytest.mark.parametrize(
    "said",
    ["", "a", "a red", "red cross", "a cross red", "a red cross a blue square",
     "a red cross left a blue square", "a red cross left of", "a red cross above above a red cross",
     "a red cross a red", "<pad>"],
)  # fmt: skip
def test_what_is_not_grammatical(said):
    assert shape_world.parse(said) is None
    assert nonzero(said, PAIR) == {"grammar": 1}


def test_the_parts_keep_things_and_pairs_apart(rng):
    def names(scene):
        return [(thing.colour, thing.shape) for thing in scene]

    parts = {part: shape_world.scenes(600, part, rng) for part in ("train", "pair", "thing")}
    assert all(len(scene) == 2 for scene in parts["pair"])
    known = {name for scene in parts["train"] for name in names(scene)}
    together = {frozenset(names(scene)) for scene in parts["train"]}
    assert len(known) == 12
    assert {name for scene in parts["pair"] for name in names(scene)} == known
    assert not {frozenset(names(scene)) for scene in parts["pair"]} & together
    assert all(set(names(scene)) - known for scene in parts["thing"])
    colours, kinds = zip(*known, strict=True)
    assert set(colours) == {*shape_world.COLOURS} and set(kinds) == {*shape_world.SHAPES}
    share = np.mean([len(scene) == 1 for scene in parts["train"]])
    assert abs(share - 0.25) < 0.06


def test_scenes_fit_into_the_picture_and_do_not_overlap(rng):
    for scene in shape_world.scenes(200, "train", rng):
        masks = [shape_world.mask(thing) for thing in scene]
        assert np.sum(masks, axis=0).max() == 1
        for thing, mask in zip(scene, masks, strict=True):
            middle = shape_world.mask(thing._replace(row=9, column=9))
            assert mask.sum() == middle.sum()  # nothing cut off


def test_the_four_shapes_differ_and_have_their_colour(rng):
    masks = {shape_world.mask(Thing("red", shape, 9, 9)).tobytes() for shape in shape_world.SHAPES}
    assert len(masks) == 4
    picture = shape_world.paint((CROSS,), rng)
    assert picture.shape == (3, shape_world.SIZE, shape_world.SIZE) and picture.dtype == np.float32
    red, green, blue = picture[:, 5, 4]
    assert red > 0.5 > max(green, blue)
    triangle = shape_world.mask(Thing("red", "triangle", 9, 9))
    assert triangle[6].sum() == 1 and triangle[12].sum() == 7  # the tip at the top


DRAWN = {
    "circle": """
        ..###..
        .#####.
        #######
        #######
        #######
        .#####.
        ..###..""",
    "square": "#######" * 7,
    "triangle": """
        ...#...
        ...#...
        ..###..
        ..###..
        .#####.
        .#####.
        #######""",
    "cross": """
        ..###..
        ..###..
        #######
        #######
        #######
        ..###..
        ..###..""",
}


@pytest.mark.parametrize("shape", shape_world.SHAPES)
def test_shapes_pixel_by_pixel(shape):
    mask = shape_world.mask(Thing("red", shape, 9, 8))
    assert not np.delete(mask, np.s_[6:13], axis=0).any()
    assert not np.delete(mask, np.s_[5:12], axis=1).any()
    drawn = "".join(".#"[int(pixel)] for pixel in mask[6:13, 5:12].flat)
    assert drawn == "".join(DRAWN[shape].split())


def test_colours_are_those_of_their_names():
    """Pure and bright: hues around the wheel, red at 0, yellow at 60, green at 120, blue at 240."""
    for name, hue in {"red": 0, "yellow": 55, "green": 130, "blue": 235}.items():
        angle, saturation, value = colorsys.rgb_to_hsv(*shape_world.COLOURS[name])
        assert abs((360 * angle - hue + 180) % 360 - 180) < 12, name
        assert saturation > 0.8 and 0.55 < value <= 0.95, name


def test_light_shade_and_noise_of_a_picture(rng, evenly):
    """Paper 0.6 to 0.9 bright, a thing 0.8 to 1 of its colour, and noise of 0.03 on each pixel."""
    pictures = np.stack([shape_world.paint((SQUARE,), rng) for _ in range(1000)])
    paper, thing = pictures[:, :, 0], pictures[:, 2, 2:9, 10:17]  # what is blue of the square
    evenly(paper.mean(axis=(1, 2)), 0.6, 0.9)
    evenly(thing.mean(axis=(1, 2)) / 0.9, 0.8, 1)
    assert paper.std(axis=(1, 2)).mean() == pytest.approx(0.03, rel=0.05)
    assert pictures.min() >= 0 and pictures.max() <= 1


def test_things_and_places_are_drawn_evenly(rng):
    """All colours and shapes are as likely, and so is each place where a thing fits."""
    things = [scene[0] for scene in shape_world.scenes(6000, "thing", rng, single=1)]
    shares = Counter((thing.colour, thing.shape) for thing in things)
    assert set(shares) == set(zip(shape_world.COLOURS, shape_world.SHAPES, strict=True))
    assert min(shares.values()) > 1380 and max(shares.values()) < 1620
    for places in ([thing.row for thing in things], [thing.column for thing in things]):
        counts = Counter(places)
        assert set(counts) == {*range(3, 15)}  # of 18 pixels
        assert min(counts.values()) > 420 and max(counts.values()) < 580


def test_the_part_of_every_pair(rng):
    """By the rule: the same number twice, else a sum that 5 divides."""
    colours = ("red", "green", "blue", "yellow")
    names = [(c, s) for c in colours for s in ("circle", "square", "triangle", "cross")]
    for i, first in enumerate(names):  # the number of a thing is its place in this list
        for j, second in enumerate(names):
            twice = {i, j} & {0, 5, 10, 15}
            expected = "thing" if twice else "train" if (i + j) % 5 else "pair"
            assert shape_world.part_of((Thing(*first, 3, 3), Thing(*second, 12, 3))) == expected
        one = "thing" if i in (0, 5, 10, 15) else "train"
        assert shape_world.part_of((Thing(*first, 3, 3),)) == one


def test_batch_and_read(rng):
    scenes = shape_world.scenes(30, "train", rng)
    pictures, inputs, targets = shape_world.batch(scenes, rng)
    assert pictures.shape == (30, 3, shape_world.SIZE, shape_world.SIZE)
    assert inputs.shape == targets.shape == (9, 30)
    assert (inputs[0] == START).all()
    same = (targets[:-1] == inputs[1:]) | (targets[:-1] == END)
    assert same.all()
    for column, scene in zip(targets.T, scenes, strict=True):
        assert shape_world.sentence_of(column) in shape_world.sentences(scene)
        assert (column[list(column).index(END) + 1 :] == PAD).all()


def test_batches_go_through_all_and_again(rng):
    data = shape_world.batch(shape_world.scenes(10, "train", rng), rng)
    stream = shape_world.batches(data, 5, rng)
    two = [next(stream) for _ in range(2)]
    assert {p.tobytes() for b in two for p in b[0]} == {p.tobytes() for p in data[0]}
    pictures, inputs, targets = next(stream)
    i = [p.tobytes() for p in data[0]].index(pictures[3].tobytes())
    assert (inputs[:, 3] == data[1][:, i]).all() and (targets[:, 3] == data[2][:, i]).all()


@pytest.mark.parametrize("N", [3, 4, 5, 9])
def test_what_is_left_over_of_an_order_is_passed_over(N, rng):
    """Nine pictures: every batch has N of them, and none twice."""
    data = shape_world.batch(shape_world.scenes(9, "train", rng), rng)
    stream = shape_world.batches(data, N, rng)
    for _ in range(20):
        pictures, inputs, targets = next(stream)
        assert len({picture.tobytes() for picture in pictures}) == N
        assert inputs.shape[1] == targets.shape[1] == N


def test_a_part_that_cannot_be_found_is_named(rng, monkeypatch):
    with monkeypatch.context() as changed:  # a picture as wide as one thing: two overlap
        changed.setattr(shape_world, "SIZE", 2 * shape_world.RADIUS + 1)
        with pytest.raises(ValueError, match="no scene of part 'train' with 2 things"):
            shape_world.scenes(1, "train", rng, single=0)
    monkeypatch.setattr(shape_world, "part_of", lambda scene: "train")
    with pytest.raises(ValueError, match="no scene of part 'thing' with 1 things"):
        shape_world.scenes(1, "thing", rng, single=1)


def test_wrong_input_is_named(rng):
    with pytest.raises(ValueError, match="part must be"):
        shape_world.scenes(1, "test", rng)
    with pytest.raises(ValueError, match="N must be in 1…3"):
        next(
            shape_world.batches(shape_world.batch(shape_world.scenes(3, "train", rng), rng), 4, rng)
        )


@pytest.mark.parametrize("wrong", [[-1], [3, 99], [1.7]])
def test_only_ids_of_the_vocabulary_are_read(wrong):
    """-1 was read as its last word, "of"."""
    with pytest.raises(ValueError, match=r"ids must be (from 0 to|whole numbers)"):
        shape_world.sentence_of(wrong)
    assert shape_world.sentence_of([]) == ""


def test_any_number_of_things_can_be_painted_and_two_described():
    rng = np.random.default_rng(0)
    (scene,) = shape_world.scenes(1, "train", rng, single=1)
    for things in ((), [*scene] * 3):
        assert shape_world.paint(things, rng).shape == (3, shape_world.SIZE, shape_world.SIZE)
        with pytest.raises(ValueError, match=f"one thing or two, got {len(things)}"):
            shape_world.sentences(things)
