"""The equations of book/training/truncated-bptt-exact.md, each against an independent route."""

import numpy as np
import pytest


@pytest.mark.equation("eq-truncation-checkpoint", tolerance=1e-12)
def test_checkpoint(check, rng):
    """Left: the least number of states held, all block lengths tried; right: 2√T."""
    root = int(rng.integers(5, 40))
    steps = root**2

    def held(block, steps=steps):
        """Most states held at once, counted by going through the schedule."""
        kept = set(range(0, steps, block))  # all of them when the way back begins
        most = len(kept)
        for start in sorted(kept, reverse=True):
            again = set()
            for t in range(start, min(start + block, steps)):
                assert t in kept | again  # step t + 1 can be run
                again.add(t + 1)
            most = max(most, len(kept) + len(again))
            kept.discard(start)
        return most

    blocks = [b for b in range(1, steps + 1) if steps % b == 0]
    left = (min(held(b) for b in blocks), min(blocks, key=held))
    planted = {
        "√T": (root, root),
        "a block of T / 2": (2 + steps / 2, steps / 2),
        "one block": (steps + 1, steps),
    }
    check(left, (2 * np.sqrt(steps), np.sqrt(steps)), planted=planted)
    other = steps + int(rng.integers(1, 2 * root))  # not a square: nothing beats the bound
    assert all(held(b, other) > 2 * np.sqrt(other) for b in range(1, other + 1) if other % b == 0)
