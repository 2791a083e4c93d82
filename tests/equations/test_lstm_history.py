"""The equations of book/gates/lstm-history.md, each against an independent route."""

import os

import pytest
import torch

from unrolled.layers.lstm import LSTM

D, H = 4, 5


@pytest.mark.equation("eq-lstm-count", tolerance=1e-12)
def test_count(check, rng):
    """Left: parameters counted in this book's layer, Keras's and torch's; right: the formulas."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras  # after its backend has been chosen

    D, H = int(rng.integers(2, 20)), int(rng.integers(20, 40))
    layer, gru = keras.layers.LSTM(H), keras.layers.GRU(H)
    layer.build((None, None, D)), gru.build((None, None, D))
    ours = sum(value.size for value in vars(LSTM.init(D, H, rng)).values())
    theirs = sum(p.numel() for p in torch.nn.LSTM(D, H).parameters())
    assert gru.count_params() == 3 * H * (D + H + 2)  # said in the text
    one, two = 4 * H * (D + H + 1), 4 * H * (D + H + 2)
    planted = {
        "bias of length H": (4 * H * (D + H) + H,) * 2 + (two,),
        "one bias": (one,) * 3,
        "three blocks": (3 * one // 4,) * 2 + (3 * two // 4,),
        "no inputs": (4 * H * (H + 1),) * 2 + (4 * H * (H + 2),),
    }
    check((ours, layer.count_params(), theirs), (one, one, two), planted=planted)
