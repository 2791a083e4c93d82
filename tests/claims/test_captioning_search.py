"""What sentences of book/sequence-to-sequence/captioning-search.md say."""

import numpy as np

from unrolled.datasets import shape_world


def test_a_circle_is_nearly_a_square(claim):
    """The two shapes drawn at the same place without noise: where they differ."""
    claim("A circle of this size is a square without three pixels at each corner.")
    pictures = []
    for shape in ("circle", "square"):
        thing = shape_world.Thing("red", shape, 9, 9)
        pictures.append(shape_world.paint((thing,), np.random.default_rng(0)))
    differ = (np.abs(pictures[0] - pictures[1]) > 0.1).any(axis=0)
    assert differ.sum() == 4 * 3
