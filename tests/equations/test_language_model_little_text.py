"""The equations of book/sequences/language-model-little-text.md, by independent routes."""

from itertools import product

import numpy as np
import pytest
import torch
from character_models import H, T, V, language_model
from torch import nn


@pytest.mark.equation("eq-lm-dropout", tolerance=1e-12)
def test_dropout(check, rng):
    """Left side: the expectation, summed over all 2^H masks; right side h. And the values that
    torch's dropout can take are those of the formula."""
    h, q = rng.normal(size=H), rng.uniform(0.2, 0.4)
    masks = np.array(list(product([0, 1], repeat=H)))  # (2^H, H)
    probability = np.prod(np.where(masks == 1, 1 - q, q), axis=1)
    mean = lambda values: probability @ values  # noqa: E731
    planted = {
        "not divided": mean(masks * h),
        "divided by q": mean(masks * h / q),
        "multiplied by 1 - q": mean(masks * h * (1 - q)),
    }
    check(mean(masks * h / (1 - q)), h, planted=planted)
    dropped = nn.functional.dropout(torch.tensor(h).expand(50, H), q).numpy()
    expected = np.broadcast_to(h / (1 - q), dropped.shape)
    np.testing.assert_allclose(dropped[dropped != 0], expected[dropped != 0])


@pytest.mark.equation("eq-lm-tied", tolerance=1e-10)
def test_tied(check, rng):
    """Left side: the model's logits and its gradient for E; right side as printed, with the
    gradient summed over the two uses, each with a copy of its own."""
    model = language_model(rng, D=H, tied=True)
    x, y = torch.as_tensor(rng.integers(V, size=(2, T, 1)))
    u, _ = model(x)
    loss = nn.functional.cross_entropy(u[:, 0], y[:, 0])
    (slope,) = torch.autograd.grad(loss, model.embedding.weight)

    E = model.embedding.weight.detach()
    reads, predicts = E.clone().requires_grad_(), E.clone().requires_grad_()
    h, _ = model.recurrent(reads[x])
    by_hand = h[:, 0] @ predicts.T + model.output.bias
    loss = nn.functional.cross_entropy(by_hand, y[:, 0])
    first, second = torch.autograd.grad(loss, [reads, predicts])
    planted = {
        "predicting only": (by_hand, second),
        "reading only": (by_hand, first),
        "no bias": (by_hand - model.output.bias, first + second),
    }
    check((u[:, 0], slope), (by_hand, first + second), planted=planted)
