"""Equations of book/sequence-to-sequence/encoder-decoder-backwards.md, by independent routes."""

import numpy as np
import pytest


@pytest.mark.equation("eq-encdec-distance", tolerance=1e-12)
def test_distance(check, rng):
    """Left: the formulas; right: a clock that runs while tokens are read and written."""
    S = int(rng.integers(3, 30))
    i = np.arange(1, S + 1)

    def counted(order):
        clock, read, between = 0, {}, np.zeros(S)
        for token in order:
            clock += 1
            read[token] = clock
        for token in range(1, S + 1):
            clock += 1
            between[token - 1] = clock - read[token]
        return between

    there, back = counted(i), counted(i[::-1])
    forwards = np.full(S, 1.0 * S)
    planted = {
        "off by one": (forwards, 2.0 * i, S + 0.0),
        "both the same": (forwards, forwards, S + 0.0),
        "half the mean": (forwards, 2 * i - 1.0, S / 2),
    }
    assert there.mean() == pytest.approx(back.mean())
    check((forwards, 2 * i - 1.0, S), (there, back, back.mean()), planted=planted)
