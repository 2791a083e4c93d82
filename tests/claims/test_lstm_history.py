"""What sentences of book/gates/lstm-history.md say."""

import os

import torch


def test_numbers_of_parameters(claim):
    """Keras and torch build the layers, and count."""
    claim(
        "So `keras.layers.LSTM(128)` on 50 features has $91{,}648$ parameters, and torch's layer"
        " of that size 512 more."
    )
    claim(
        "(`keras.layers.GRU(32)`, of the next chapter, has three blocks and, by default, both"
        " biases: $3H(D+H+2)$, on 14 features $4{,}608$.)"
    )
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras  # after its backend has been chosen

    lstm, gru = keras.layers.LSTM(128), keras.layers.GRU(32)
    lstm.build((None, None, 50))
    gru.build((None, None, 14))
    assert (lstm.count_params(), gru.count_params()) == (91_648, 4_608)
    theirs = sum(p.numel() for p in torch.nn.LSTM(50, 128).parameters())
    assert theirs == 91_648 + 512
