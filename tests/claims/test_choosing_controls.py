"""What sentences of book/recurrence-returns/choosing-controls.md say."""

import numpy as np
import torch

from unrolled.bakeoff import models


def compared(now, back):
    """Weights (TAPS * 9, 9) of one layer: tap 2 is the present step, tap 1 the one before it.

    Channels `now` and `now + 1` get a - b and b - a, where a and b are the sums of the channels
    in `back`, at the present step and at the other one.
    """
    W = torch.zeros(3, 9, 9)
    W[2, back, now], W[1, back, now] = 1, -1
    W[2, back, now + 1], W[1, back, now + 1] = -1, 1
    return W.flatten(0, 1)[None]


def test_parity_of_24_bits_by_convolution(claim):
    """The package's convolution with nine channels and weights set by hand."""
    claim(
        "Nine channels of this very convolution are enough for all strings of up to 24 bits, if the"
        " weights are set by hand."
    )
    W_0, W_3 = torch.zeros(1, 3, 9), torch.zeros(3, 9, 9)
    W_0[0, 2, :2], W_0[0, 1, :2] = torch.tensor([1.0, -1.0]), torch.tensor([-1.0, 1.0])
    W_3[:, 4:6, 6:] = 1  # s, three times
    p = {"W_0": W_0, "W_1": compared(2, [0, 1]), "W_2": compared(4, [2, 3])}
    p |= {"W_3": W_3.flatten(0, 1)[None]} | {f"b_{i}": torch.zeros(1, 1, 9) for i in range(4)}
    p["b_3"][..., 7], p["b_3"][..., 8] = -1, -2
    rng, right = np.random.default_rng(0), {}
    for T in [*range(1, 25), 25]:
        bits = torch.from_numpy(rng.integers(0, 2, size=(1, T, 2000, 1))).float()
        h = models.read_conv(p, bits)
        odd = h[..., 6] - 2 * h[..., 7] + 2 * h[..., 8]
        right[T] = (odd == bits[..., 0].sum(dim=1) % 2).float().mean().item()
    assert all(right[T] == 1 for T in range(1, 25)) and 0.45 < right[25] < 0.55
