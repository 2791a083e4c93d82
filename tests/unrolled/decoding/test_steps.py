"""States of every kind are picked by row, and what is no distribution is named."""

import math

import numpy as np
import pytest
import torch

from unrolled.decoding.steps import check_log_p, next_log_p, pick_rows


def test_rows_are_picked_from_every_part():
    rows = torch.tensor([2, 0, 2])
    h, a = torch.arange(6.0).view(3, 2), np.arange(3)
    picked = pick_rows((h, (a, None)), rows)
    assert torch.equal(picked[0], h[[2, 0, 2]])
    assert picked[1][0].tolist() == [2, 0, 2] and picked[1][1] is None


def test_an_array_becomes_a_tensor_and_the_state_goes_through():
    log_p, state = next_log_p(lambda s, y: (np.zeros((2, 3)), s + 1), 4, torch.zeros(2), end=2)
    assert isinstance(log_p, torch.Tensor) and log_p.shape == (2, 3) and state == 5


def test_only_numbers_up_to_the_score_are_log_probabilities():
    check_log_p(torch.tensor([-1.0, -2.0]), torch.tensor([-1.0, -2.0]))
    with pytest.raises(ValueError, match="logits"):
        check_log_p(torch.tensor([-0.5]), torch.tensor([-1.0]))
    with pytest.raises(ValueError, match="NaN"):
        check_log_p(torch.tensor([-1.0, math.nan]))
