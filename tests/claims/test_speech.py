"""What sentences of the page on speech say."""

import math
from pathlib import Path

import numpy as np
import pytest

from rerun import rerun
from unrolled.datasets import spoken_letters
from unrolled.models import recogniser

PAGE = Path(__file__).parents[2] / "book/sequence-to-sequence/speech.md"
OWN_RUNS = "for name, (sounds, loss) in KINDS.items():"


def test_paths_of_a_sentence(claim):
    """Twenty random texts of a hundred letters, spoken; paths counted by eq-speech-count."""
    claim(
        "For a sentence of a hundred letters in some 800 frames the number of paths has some two"
        " hundred digits, and the grid has fewer than two hundred thousand circles."
    )
    rng, U = np.random.default_rng(0), 100
    spoken = spoken_letters.batch(spoken_letters.strings(20, rng, U, U), rng)
    digits = []
    for T, labels in zip(spoken.lengths, spoken.labels, strict=True):
        R = int((labels[1:] == labels[:-1]).sum())
        digits.append(len(str(math.comb(int(T) + U - R, 2 * U))))
    assert 750 < np.median(spoken.lengths) < 850
    assert 180 < np.median(digits) < 220
    assert spoken.lengths.max() * (2 * U + 1) < 200_000


def test_a_guess_of_the_times(claim):
    """Fifty random texts of a hundred letters, spread evenly over their frames."""
    claim("Where a letter sounded, about two frames in three got the wrong name.")
    rng = np.random.default_rng(0)
    spoken = spoken_letters.batch(spoken_letters.strings(50, rng, 100, 100), rng)
    wrong = (recogniser.evenly(spoken).truth != spoken.truth)[spoken.truth > 0].mean()
    assert 0.62 < wrong < 0.72


@pytest.mark.slow
def test_four_of_each_kind(claim):
    """Seeds 0 to 3 of the three networks, on the page's test sounds."""
    claim(
        "With all paths the letter error rate was below 4 in 100, with the true times between 5"
        " and 9, and with the even times above 25."
    )
    claim(
        "In all four networks, when a text had no mistake, more than 98 in 100 of its outputs had"
        " their middle inside their letters."
    )
    claim(
        "On nearly half of the frames with a letter the network says blank, since one frame is"
        " enough for its text."
    )
    page = rerun(
        PAGE,
        ["from unrolled.models import recogniser", "BLANK = 0", "KINDS = {", "def places_of(model"],
        {OWN_RUNS: "for name, (sounds, loss) in ():"},
    )
    ranges = {"all paths": (0, 0.04), "even times": (0.25, 1), "true times": (0.05, 0.09)}
    for seed in range(4):
        for name, (sounds, loss) in page["KINDS"].items():
            model, _ = recogniser.fit(sounds, loss, seed)
            low, high = ranges[name]
            rate = page["error_rate"](page["what_it_reads"](model), page["said"])
            assert low < rate < high, (seed, name, rate)
            if name == "all paths":
                count, inside, named = page["places_of"](model)
                assert inside > 0.98 * count and 0.5 < named < 0.6
