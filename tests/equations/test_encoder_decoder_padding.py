"""Equations of book/sequence-to-sequence/encoder-decoder-padding.md, by independent routes."""

import pytest
from torch import nn
from translators import batch, by_hand, log_softmax, make

from unrolled.datasets.text import PAD


@pytest.mark.equation("eq-encdec-diluted", tolerance=1e-10)
def test_diluted(check, rng):
    """Left: torch's mean over all places; right: from the masked loss and that on padding."""
    model, arrays = make(rng), batch(rng)
    u = model(*arrays[:3])
    left = nn.functional.cross_entropy(u.flatten(0, 1), arrays[3].flatten())
    losses, mask = by_hand(model, arrays)
    L, p = losses.sum() / mask.sum(), 1 - mask.mean()
    L_pad = -log_softmax(u.detach().numpy())[..., PAD][mask == 0].mean()
    planted = {"p of the other": p * L + (1 - p) * L_pad, "no share": L + L_pad, "masked": L}
    check(left, (1 - p) * L + p * L_pad, planted=planted)
