"""A loss from samples: its mean, its bias, and what it makes of hits."""

import numpy as np
import pytest
import torch
from torch import nn

from unrolled.practice import softmax

M, H, V = 7, 5, 12


@pytest.fixture
def parts():
    torch.manual_seed(0)
    output = nn.Linear(H, V).double()
    q = torch.rand(V, dtype=torch.float64) + 0.5
    return output, torch.randn(M, H).double(), torch.randint(V, (M,)), q / q.sum()


def test_many_samples_give_the_loss(parts):
    output, h, y, q = parts
    exact = nn.functional.cross_entropy(output(h), y)
    rng = torch.Generator().manual_seed(0)
    found = softmax.sampled_loss(output, h, y, q, 200_000, rng).item()
    assert found == pytest.approx(exact.item(), abs=0.01)


def test_the_bias_is_as_derived(parts):
    output, h, y, q = parts
    rng, K = torch.Generator().manual_seed(0), 32
    with torch.no_grad():
        exact = nn.functional.cross_entropy(output(h), y).item()
        found = [softmax.sampled_loss(output, h, y, q, K, rng).item() for _ in range(4000)]
        p = output(h).softmax(1).numpy()
    expected = softmax.sampled_bias(p, y.numpy(), q.numpy(), K).mean()
    spread = np.std(found) / len(found) ** 0.5
    assert expected < -4 * spread  # there is a bias to be seen
    assert np.mean(found) - exact == pytest.approx(expected, abs=0.1 * abs(expected) + 3 * spread)


def test_the_bias_entry_by_entry():
    rng, K = np.random.default_rng(0), 5
    p, q, y = rng.dirichlet(np.ones(V), M), rng.dirichlet(3 * np.ones(V)), rng.integers(V, size=M)
    for m, found in enumerate(softmax.sampled_bias(p, y, q, K)):
        others = [k for k in range(V) if k != y[m]]
        squares = sum(p[m, k] ** 2 / q[k] for k in others)
        assert found == pytest.approx(-(squares - sum(p[m, others]) ** 2) / (2 * K))


def test_hits_do_not_count(parts):
    output, h, _, _ = parts
    y, q = torch.zeros(M, dtype=torch.int64), torch.full((V,), 1e-12, dtype=torch.float64)
    q[0] = 1
    rng = torch.Generator().manual_seed(0)
    assert softmax.sampled_loss(output, h, y, q, 50, rng).item() == pytest.approx(0, abs=1e-12)


def test_gradient_flows_to_the_sampled_rows_alone(parts):
    output, h, y, q = parts
    q = torch.where(torch.arange(V) < 6, q, 1e-15)
    softmax.sampled_loss(output, h, y % 6, q, 4, torch.Generator().manual_seed(0)).backward()
    assert (output.weight.grad[6:] == 0).all() and (output.weight.grad[y % 6] != 0).any()


def test_by_frequency():
    number, counts = softmax.by_frequency(np.array([3, 1, 3, 3, 0, 1]), 5)
    assert counts.tolist() == [3, 2, 1, 0, 0]
    assert number.tolist() == [2, 1, 3, 0, 4]


def test_wrong_input(parts):
    output, h, y, q = parts
    rng = torch.Generator()
    with pytest.raises(ValueError, match="q must be"):
        softmax.sampled_loss(output, h, y, 0 * q, 4, rng)
    with pytest.raises(ValueError, match="y must be from 0 to 11"):
        softmax.sampled_loss(output, h, y + V, q, 4, rng)
