"""What sentences of the chapter on captions say."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from rerun import rerun
from unrolled.datasets import shape_world

PAGE = Path(__file__).parents[2] / "book/sequence-to-sequence/captioning.md"
CELLS = ["from unrolled.datasets import END, PAD, START, grid_world"]
CELLS += ['training_scenes = shape_world.scenes(8000, "train", rng)', "def caption(model, x"]


def test_a_circle_is_nearly_a_square(claim):
    """The two shapes drawn at the same place without noise: where they differ."""
    claim(
        "what remains is shapes (a circle of this size is a square without three pixels at each"
        " corner) and relations."
    )
    pictures = []
    for shape in ("circle", "square"):
        thing = shape_world.Thing("red", shape, 9, 9)
        pictures.append(shape_world.paint((thing,), np.random.default_rng(0)))
    differ = (np.abs(pictures[0] - pictures[1]) > 0.1).any(axis=0)
    assert differ.sum() == 4 * 3


def test_the_loss_of_guessing(claim):
    """The size of the vocabulary."""
    claim(
        "Its loss looks healthy as well: it fell from about $\\ln 17 \\approx 2.8$, the loss of"
        " guessing among all words, to about $0.81$."
    )
    assert len(shape_world.VOCABULARY) == 17 and math.isclose(math.log(17), 2.8, abs_tol=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_what_a_threshold_stops(claim, seed):
    """Captioners with two starts: shares of pictures whose caption has P < 0.2."""
    claim(
        "A threshold of 0.2 stops most of the noise and of the pictures with three things, and few"
        " of the usual ones."
    )
    claim(
        "The empty picture is described with great certainty, and the one without colour passes,"
        " too."
    )
    changes = {
        'for name in ("always", "once"):': 'for name in ("always",):',
        "torch.manual_seed(0)": f"torch.manual_seed({seed})",
        "for name, x in (inside | outside).items()": "for name, x in ()",
    }
    page = rerun(PAGE, [*CELLS, "def three():"], changes)
    low = {}
    for name, x in page["outside"].items():
        _, log_p = page["caption"](page["models"]["always"], torch.from_numpy(x))
        low[name] = (log_p.exp() < 0.2).float().mean().item()
    assert low["noise"] > 0.6 and low["three things"] > 0.6
    assert low["as in training"] < 0.25
    assert low["nothing"] < 0.25 and low["without colour"] < 0.25
