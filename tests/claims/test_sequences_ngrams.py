"""What sentences of the page on n-grams say."""

import numpy as np
import pytest

from unrolled.datasets import Vocabulary, documentation
from unrolled.datasets.corpus import hold_out_end


@pytest.fixture(scope="module")
def manual():
    """Training and held-out ids of the manual, and the number of symbols."""
    text = documentation()
    vocabulary = Vocabulary.of(text)
    train_ids, held_out_ids = (vocabulary.encode(part) for part in hold_out_end(text))
    return train_ids, held_out_ids, len(vocabulary)


def test_contexts_of_unseen_8_grams(claim, manual):
    """Held-out 8-grams looked up among those of the training text, and their first 7 characters."""
    claim(
        "For four fifths of these the context is new, too, and the estimate is 0/0;"
        " for the others it is zero."
    )
    train_ids, held_out_ids, _ = manual
    stretches = {
        k: {bytes(row) for row in windows_of(train_ids.astype(np.uint8), k)} for k in (7, 8)
    }
    held_out = [bytes(row) for row in windows_of(held_out_ids.astype(np.uint8), 8)]
    unseen = [row for row in held_out if row not in stretches[8]]
    new_context = np.mean([row[:7] not in stretches[7] for row in unseen])
    assert 0.75 < new_context < 0.82


def windows_of(ids, k):
    """All stretches of k ids, a row each."""
    assert ids.max() < 256
    return np.lib.stride_tricks.sliding_window_view(ids, k)
