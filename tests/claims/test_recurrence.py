"""What sentences of the chapter on the recurrent network say."""

import numpy as np
import pytest

from unrolled.datasets.tasks import parity


def right_to_the_end(page, T, updates):
    """How many of fifty networks, from five random starts of ten, are right at bit 1,000."""
    x, odd = parity(T=1000, N=100, rng=np.random.default_rng(7))
    count = 0
    for seed in (0, 1, 2, 4, 5):  # the page shows seed 3
        right = (page["logits"](page["trained"](T, updates, seed), x) > 0) == odd[:, None]
        count += (right[-100:].mean(axis=(0, 2)) > 0.99).sum()
    return count


@pytest.mark.slow
def test_length_and_practice(claim):
    """Fifty networks in each of the three groups; the second removes the lack of practice."""
    claim("We repeated this from other random starts, with fifty networks in each group.")
    claim(
        "Of those trained on 6 bits hardly any are right to the end, and with four times as much"
        " practice not many more."
    )
    claim("Of those trained on 24 bits more than half are.")
    page = claim.definitions()
    assert right_to_the_end(page, 6, 700) <= 6
    assert right_to_the_end(page, 6, 2800) <= 10
    assert right_to_the_end(page, 24, 700) > 25


def test_counts(claim):
    """Weights of two networks that read 50 numbers at each of a thousand steps."""
    claim("With 50 numbers at each step, 100 units and 50 answers it makes 20,150.")
    claim(
        "A network that sees a thousand such steps all at once, with as many units, has more than"
        " five million weights, and cannot read step 1,001."
    )
    D, H, V, T = 50, 100, 50, 1000
    assert (D + H + 1) * H + (H + 1) * V == 20_150
    assert 5e6 < (T * D + 1) * H + (H + 1) * V < 5.1e6


def test_half_difference(claim):
    """The two switches after a one and then zeros."""
    claim("With more zeros it would settle at 0.962 and go no further.")
    state, halves = np.zeros(2), []
    for bit in [1] + 50 * [0]:
        state = np.tanh(4 * bit + 2 * (state[0] - state[1]) - np.array([2, 6]))
        halves.append((state[0] - state[1]) / 2)
    assert np.allclose(halves[:2], [0.964, 0.963], atol=5e-4)
    assert np.allclose(halves[5:], 0.962, atol=5e-4) and np.ptp(halves[25:]) < 1e-9


def test_old_errors_shrink(claim):
    """How far a small error of a state, in the worst direction, is carried on; random bits."""
    claim(
        "Even with the factor 4 in front of the bracket, less than a third of what is wrong with"
        " the old state shows in the new one."
    )
    W_hh, state, kept = np.array([[2.0, 2.0], [-2.0, -2.0]]), np.zeros(2), []
    for bit in np.random.default_rng(0).integers(0, 2, size=10_000):
        state = np.tanh(4 * bit + state @ W_hh - np.array([2, 6]))
        kept.append(np.linalg.norm(W_hh * (1 - state**2), ord=2))
    assert 0.25 < max(kept) < 1 / 3


def test_window(claim):
    """All rows of ten bits; for each content of a window that hides one or more, half are odd."""
    claim(
        "Among the bits that you do not see, the number of ones may be even or odd, and in a random"
        " row the two cases are equally likely."
    )
    rows = np.arange(2**10)[:, None] >> np.arange(10) & 1
    odd = rows.sum(axis=1) % 2
    for hidden in range(1, 10):  # the window shows the others
        shown = rows[:, hidden:] @ 2 ** np.arange(10 - hidden)
        assert (np.bincount(shown, odd) / np.bincount(shown) == 0.5).all()
