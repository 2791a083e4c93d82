"""States of every kind are picked by row, and what is no distribution is named."""

import math

import numpy as np
import pytest
import torch

from unrolled.decoding.steps import check_log_p, check_start, next_log_p, pick_rows


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


def test_a_state_has_a_row_for_each_sentence():
    tokens, h, a = torch.zeros(2, dtype=torch.long), torch.zeros(2, 3), np.zeros(2)
    for good in (None, h, a, (h, None), [h, (a, None)]):
        check_start(good, tokens, T=5)
    for wrong, shape in [
        (h[:1], r"\(1, 3\)"),
        (np.zeros(()), r"\(\)"),
        ((h, (None, a[:1])), r"\(1,\)"),
    ]:
        with pytest.raises(ValueError, match=f"a state of {shape} does not belong to 2 sentences"):
            check_start(wrong, tokens, T=5)


def test_limits_of_a_search():
    tokens = torch.zeros(2, dtype=torch.long)
    check_start(None, tokens, T=1, k=1, alpha=0, most=2)
    check_start(None, tokens[:1], T=10, alpha=26, most=1)  # 10^26 is just below exp(60)
    for wrong in ({"T": 0}, {"k": 0}, {"alpha": -0.1}, {"alpha": math.nan}):
        with pytest.raises(ValueError, match="needed: k ≥ 1, T ≥ 1, alpha ≥ 0"):
            check_start(None, tokens, **{"T": 5} | wrong)
    with pytest.raises(ValueError, match=r"T \*\* alpha must be below exp\(60\)"):
        check_start(None, tokens, T=10, alpha=26.1)
    with pytest.raises(ValueError, match=r"tokens must be \(N,\) for one sentence, got \(2,\)"):
        check_start(None, tokens, T=5, most=1)
    for wrong in (tokens[:0], tokens[None]):
        with pytest.raises(ValueError, match=r"tokens must be \(N,\) for a batch of sentences"):
            check_start(None, wrong, T=5)


def test_the_vocabulary_is_that_of_the_step():
    for end in (-1, 3, 7):
        with pytest.raises(ValueError, match=rf"END must be one of the symbols 0…2, got {end}"):
            next_log_p(lambda s, y: (np.zeros((2, 3)), s), None, torch.zeros(2), end)
    for wrong in (np.zeros((3, 3)), np.zeros(2)):
        with pytest.raises(ValueError, match=r"step must return \(2, V\), got"):
            next_log_p(lambda s, y, wrong=wrong: (wrong, s), None, torch.zeros(2), 0)
    with pytest.raises(ValueError, match="the vocabulary is empty"):
        next_log_p(lambda s, y: (np.zeros((2, 0)), s), None, torch.zeros(2), 0)
    assert next_log_p(lambda s, y: (np.zeros((2, 3)), s), None, torch.zeros(2), 0)[0].shape == (
        2,
        3,
    )
