"""What sentences of book/sequence-to-sequence/captioning-looking.md say."""

import math

from unrolled.datasets import shape_world


def test_the_loss_of_guessing(claim):
    """The size of the vocabulary."""
    claim(
        "Both networks learn the grammar at once, and both curves of {numref}`fig-captioning-loss`"
        " fall from about $\\ln 17 \\approx 2.8$, the loss of guessing among all 17 symbols."
    )
    assert len(shape_world.VOCABULARY) == 17 and math.isclose(math.log(17), 2.8, abs_tol=0.05)
