"""What sentences of book/sequence-to-sequence/speech-blank.md say."""

import math
from pathlib import Path

import numpy as np
import pytest

from rerun import rerun
from unrolled.datasets import spoken_letters
from unrolled.layers import ctc
from unrolled.models import recogniser

PAGE = Path(__file__).parents[2] / "book/sequence-to-sequence/speech-blank.md"


def test_blanks_of_equal_outputs(claim):
    """The occupancies themselves: the gradient of the loss is prediction minus occupancy."""
    claim(
        "For $T = 40$, $U=5$ and $R=0$ that is 19 frames out of 40, while a letter, in the mean"
        " over texts, has a tenth of the rest."
    )
    T, V = 40, len(spoken_letters.LETTERS) + 1
    rng, occupancy = np.random.default_rng(0), np.zeros(V)
    log_p = np.full((T, V), -math.log(V))
    for _ in range(500):
        labels = rng.permutation(10)[:5] + 1  # no repeats
        _, tape = ctc.forward(log_p, labels)
        occupancy += (1 / V - ctc.backward(tape)).sum(axis=0) / 500
    assert 18.5 < occupancy[0] < 19.5 and abs(occupancy.sum() - T) < 1e-6
    np.testing.assert_allclose(occupancy[1:], (T - occupancy[0]) / 10, rtol=0.15)


@pytest.mark.slow
def test_one_direction_is_hardly_later(claim):
    """Four pairs of networks, seeds 0 to 3: the medians of the middles of their outputs."""
    claim(
        "In three of the pairs the rightward one named its letters later, by three to six"
        " hundredths of a letter's length, and in the fourth it did not."
    )
    page = rerun(
        PAGE,
        ["from unrolled.models import recogniser", "def wrong_on(spoken)", "def middles("],
        {
            '{"both directions": 80, "rightward only": 200}.items()': "()",
            'print(f"deaf: loss {deaf_loss(testing):.2f}")': "",
        },
    )
    later = []
    for seed in range(4):
        medians = [
            page["middles"](
                recogniser.fit(page["training"], recogniser.all_paths_loss, seed, steps, both)[0],
                page["testing"],
            )[1]
            for steps, both in ((80, True), (200, False))
        ]
        later.append(medians[1] - medians[0])
    assert sum(0.025 < each < 0.065 for each in later) == 3 and min(later) < 0
