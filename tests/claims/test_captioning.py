"""What sentences of the chapter on captions say."""

import math

import numpy as np

from unrolled.datasets import shape_world


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
