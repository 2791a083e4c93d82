"""What several generators are held to: how their numbers are spread."""

import numpy as np
import pytest


def spread_evenly(values, least, most):
    """Kolmogorov and Smirnov's largest distance between two distributions is within chance.

    Numbers that are spread evenly from `least` to `most` fail once in 1,500 seeds (2 / √N).
    """
    values = np.sort(np.asarray(values, float).ravel())
    expected = np.clip((values - least) / (most - least), 0, 1)
    ranks = np.arange(len(values) + 1) / len(values)
    distance = max((ranks[1:] - expected).max(), (expected - ranks[:-1]).max())
    assert distance < 2 / np.sqrt(len(values)), (distance, values[0], values[-1])


@pytest.fixture
def evenly():
    return spread_evenly
