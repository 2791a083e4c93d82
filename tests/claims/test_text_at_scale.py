"""What sentences of book/practice/text-at-scale.md say."""

from collections import Counter

import numpy as np
import pytest
import torch

from unrolled.datasets import Vocabulary, documentation, streams, windows
from unrolled.datasets.corpus import hold_out_end
from unrolled.models import LanguageModel, train
from unrolled.models.language_model import window_loss
from unrolled.practice import bpe, sentencepieces


def bits_per_byte(V, steps, seed, T):
    train_text, held_out_text = hold_out_end(documentation())
    counts = Counter(bpe.words(train_text))
    book = bpe.BPE(sentencepieces.learn(counts, V) if V > 256 else bpe.BYTES)
    ids, held_out = book.encode(train_text), book.encode(held_out_text)
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = LanguageModel(Vocabulary(map(str, range(V))), H=64, D=32)
    batches = (windows(ids, T, 32, rng) for _ in range(steps))
    train(model, batches, window_loss, steps=steps, learning_rate=0.01, clip=1.0, decay=0.5)
    columns = torch.as_tensor(streams(held_out, N=16))
    with torch.no_grad():
        loss = window_loss(model, columns[:-1], columns[1:]).item()
    return len(held_out) / len(held_out_text.encode()) * loss / np.log(2)


@pytest.mark.slow
def test_bytes_for_longer(claim):
    """Two seeds of each, 150 updates with pieces and 600 with bytes."""
    claim(
        "Bytes that were trained with four times as many updates were only a little better than "
        "the pieces, or still behind."
    )
    for seed in (1, 2):
        longer, pieces = bits_per_byte(256, 600, seed, 64), bits_per_byte(1024, 150, seed, 22)
        assert longer > pieces - 0.15, (longer, pieces)
