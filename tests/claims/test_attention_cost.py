"""What sentences of book/sequence-to-sequence/attention-cost.md say."""

import math


def test_multiplications(claim):
    """The formulas at S = T = 512, H = D = 64."""
    claim("At 512 tokens the layer takes a third more multiplications than the two GRUs.")
    claim("Then it is two thirds more than the two GRUs.")
    S = T = 512
    H = 64
    grus = (S + T) * 6 * H**2
    layer = T * S * 2 * H
    assert math.isclose(layer / grus, 4 / 3)
    assert math.isclose((layer + (S + T) * H**2 + 2 * T * H**2) / grus, 5 / 3)
