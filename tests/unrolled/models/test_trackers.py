"""The two linear trackers, against the recurrences as they are defined."""

import numpy as np
import pytest
import torch

from unrolled.datasets.shell_game import shell_game, swaps
from unrolled.models.trackers import Diagonal, Mirrors


def ids(T=9, N=4, symbols=6):
    return torch.randint(0, symbols, (T, N), generator=torch.Generator().manual_seed(0))


def made(kind, **more):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return kind(6, 3, **more).double()


@pytest.mark.parametrize("negative", [True, False])
def test_diagonal_reads_step_by_step(negative):
    model = made(Diagonal, H=5, negative=negative)
    h, smallest = torch.zeros(4, 5).double(), 1.0
    for t, row in enumerate(ids()):
        a, u = model.table.weight[row].split(5, dim=1)
        gamma = torch.tanh(a) if negative else 1 / (1 + torch.exp(-(a + 1)))
        h = gamma * h + (1 - gamma.abs()) * u
        smallest = min(smallest, gamma.min().item())
        assert torch.allclose(model(ids())[t], model.read(h), atol=1e-12)
    assert (smallest < 0) == negative


@pytest.mark.parametrize("top", [1.0, 2.0])
def test_mirrors_multiply_by_their_matrices(top):
    model = made(Mirrors, heads=2, H=3, top=top)
    S = torch.zeros(4, 2, 3, 3).double()
    for t, row in enumerate(ids()):
        q, k, v = (table.weight[row].reshape(4, 2, 3) for table in (model.q, model.k, model.v))
        k = k / k.norm(dim=2, keepdim=True)
        beta = top * torch.sigmoid(5 * model.strength.weight[row])[..., None, None]
        outer = k[..., :, None] * k[..., None, :]
        S = (torch.eye(3) - beta * outer) @ S + beta * k[..., :, None] * v[..., None, :]
        read = (q[..., None, :] @ S)[..., 0, :].flatten(1)
        assert torch.allclose(model(ids())[t], model.read(read), atol=1e-12)


def test_mirrors_set_by_hand_follow_the_cups():
    """One head of three features: the starts write, the swaps reflect, and all is kept."""
    model = made(Mirrors, heads=1, H=3, top=2.0)
    pairs = swaps(3)
    eye = torch.eye(3).double()
    with torch.no_grad():
        for table in (model.q, model.k, model.v):
            table.weight.zero_()
        model.k.weight[:3], model.v.weight[:3, 0] = eye, 1
        model.strength.weight[:3], model.strength.weight[3:] = 0, 100  # beta 1 and 2
        for i, (a, b) in enumerate(pairs):
            model.k.weight[3 + i] = eye[a] - eye[b]
        model.read = torch.nn.Identity()
        games, place = shell_game(100, 50, np.random.default_rng(0), cups=3)
        for cup in range(3):
            model.q.weight[:] = eye[cup]
            there = model(torch.tensor(games))[..., 0]
            assert torch.allclose(there, torch.tensor(place == cup).double(), atol=1e-9)


def test_errors():
    with pytest.raises(ValueError, match="ids"):
        made(Diagonal)(torch.zeros(3))
    with pytest.raises(ValueError, match="top must be at least 0 and at most 2"):
        made(Mirrors, top=3.0)
