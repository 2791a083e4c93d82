"""What sentences of book/sequence-to-sequence/speech-blank.md say."""

import math

import numpy as np

from unrolled.datasets import spoken_letters
from unrolled.layers import ctc


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
