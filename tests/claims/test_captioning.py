"""What sentences of book/sequence-to-sequence/captioning.md say."""

from copy import deepcopy
from pathlib import Path

import pytest
import torch

from rerun import rerun

PAGE = Path(__file__).parents[2] / "book/sequence-to-sequence/captioning.md"
CELLS = ["from unrolled.datasets import END", "def world(seed"]


def test_word_by_word(claim):
    """The three friends' sentences, place by place."""
    claim("Cleo differs from Ann in one word of eight.")
    claim("Ben differs in five.")
    ann = "a red cross left of a blue square"
    others = {"a red cross left of a blue circle": 1, "a blue square right of a red cross": 5}
    for said, differ in others.items():
        pairs = [*zip(ann.split(), said.split(), strict=True)]
        assert len(pairs) == 8 and sum(a != b for a, b in pairs) == differ


@pytest.mark.slow
def test_red_circles_in_four_runs(claim):
    """The page's training and its two continuations, with seeds 0 to 3."""
    claim(
        "Before red circles were shown, not one of them was described rightly in any of the four"
        " runs, with the 120 further updates or without."
    )
    claim("After they were shown, more than half were right in each run.")
    claim("The three other new things never were, before or after.")
    claim("Among known things about four captions in five are right.")
    claim("**Of 400 captions with a red circle in the picture, not one is right.**")
    claim("It is not the colour, and it is not the relation.")
    page = rerun(PAGE, CELLS)
    for seed in range(4):
        known, with_red, tests, pictures = page["world"](seed)
        torch.manual_seed(seed)
        model = page["Captioner"](len(page["shape_world"].VOCABULARY))
        page["fit"](model, known, 450, 3e-3, seed=seed)
        found = page["marks"](model, tests, pictures)
        said, right, errors = found["red circle"]
        assert len(said) == 400 and right == 0 == found["other new things"][1]
        assert 0.7 < found["known things"][1] < 0.9
        colour, shape, relation, number, grammar = errors
        assert shape > 100 and max(colour, relation) < 20 and max(number, grammar) < 5
        right = {}
        for name, data in {"same": known, "red": with_red}.items():
            model_2 = page["fit"](deepcopy(model), data, 120, 2e-3, seed=seed + 50)
            again = page["marks"](model_2, tests, pictures)
            right[name] = again["red circle"][1]
            assert again["other new things"][1] == 0
        assert right["same"] == 0 and right["red"] > 0.5
