"""What sentences of the page on speech say."""

import inspect
import math

import numpy as np

from unrolled.datasets import spoken_letters
from unrolled.layers import ctc


def test_paths_of_a_sentence(claim):
    """Twenty random texts of a hundred letters, spoken; paths counted by eq-speech-count."""
    claim("For a sentence of a hundred letters their number has some two hundred digits.")
    rng, U = np.random.default_rng(0), 100
    spoken = spoken_letters.batch(spoken_letters.strings(20, rng, U, U), rng)
    digits = []
    for T, labels in zip(spoken.lengths, spoken.labels, strict=True):
        R = int((labels[1:] == labels[:-1]).sum())
        digits.append(len(str(math.comb(int(T) + U - R, 2 * U))))
    assert 180 < np.median(digits) < 220


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


def test_noise_of_training(claim):
    """What `batch` adds unless it is told otherwise."""
    claim("We say real words, in more noise than it was trained with (0.65 in place of 0.5).")
    assert inspect.signature(spoken_letters.batch).parameters["noise"].default == 0.5
