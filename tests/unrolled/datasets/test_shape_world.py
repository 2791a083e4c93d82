"""The world of shapes: what is true in it, and a judge that must not be fooled."""

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
