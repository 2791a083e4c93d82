"""The equations of book/sequence-to-sequence/speech-blank.md, each against an independent route."""

import itertools
import math

import numpy as np
import pytest

from unrolled.layers import ctc


@pytest.mark.equation("eq-speech-blank", tolerance=1e-12)
def test_blank(check, rng):
    """Left: the package's gradient at equal outputs; right: the formula."""
    T = int(rng.integers(6, 30))
    text = tuple(rng.integers(1, 3, size=int(rng.integers(2, 4))).tolist())
    U, R = len(text), sum(a == b for a, b in itertools.pairwise(text))
    log_p = np.full((T, 4), -math.log(4))
    left = (0.25 - ctc.backward(ctc.forward(log_p, np.array(text))[1]))[:, 0].sum()
    planted = {
        "one run less": R + U * (T - U - R) / (2 * U + 1),
        "half of all": T / 2,
        "1/V": T / 4,
        "frames counted twice": R + (U + 1) * T / (2 * U + 1),
    }
    check(left, R + (U + 1) * (T - U - R) / (2 * U + 1), planted=planted)
