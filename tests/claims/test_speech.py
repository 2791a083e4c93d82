"""What sentences of the page on speech say."""

import math
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from rerun import rerun
from unrolled.datasets import spoken_letters
from unrolled.decoding import error_rate
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
    claim(
        "Where a letter sounded, about one frame in three got another letter's name, and one in"
        " three was taken for silence."
    )
    rng = np.random.default_rng(0)
    spoken = spoken_letters.batch(spoken_letters.strings(50, rng, 100, 100), rng)
    guess, truth = (each.truth[spoken.truth > 0] for each in (recogniser.evenly(spoken), spoken))
    assert 0.28 < ((guess > 0) & (guess != truth)).mean() < 0.39
    assert 0.28 < (guess == 0).mean() < 0.39


def test_true_times_read(claim):
    """The targets of the page's test sounds, read like a path."""
    claim("This alone makes nearly 3 mistakes in 100 letters of the test.")
    rng = np.random.default_rng(0)
    spoken_letters.batch(spoken_letters.strings(1000, rng), rng)
    testing = spoken_letters.batch(spoken_letters.strings(150, rng), rng)
    read = [
        tuple(v for v, _ in groupby(path[:frames].tolist()) if v)
        for path, frames in zip(testing.truth.T, testing.lengths, strict=True)
    ]
    assert 0.025 < error_rate(read, recogniser.texts(testing)) < 0.03


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
        "On nearly half of the frames with a letter the network says blank. One frame is enough for"
        " its text."
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
                testing, blank = page["testing"], []
                for n, log_p in enumerate(recogniser.outputs(model, testing)):
                    letter = testing.truth[: len(log_p), n] > 0
                    blank += (log_p.argmax(axis=1) == 0)[letter].tolist()
                assert 0.4 < np.mean(blank) < 0.5
