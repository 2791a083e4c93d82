"""What the searches are tried on: random models, and sequences read off what is found."""

import numpy as np
import pytest
import torch

V, T, END = 4, 4, 3


def random_tree(seed, V=V, T=T, sharpness=1.0):
    """A step whose distribution depends on the whole prefix: the state is the number of it."""
    rng = np.random.default_rng(seed)
    u = torch.tensor(sharpness * rng.normal(size=(V**T, V)))
    table = u.log_softmax(-1)

    def step(state, tokens):
        state = V * state + tokens  # (B,)
        return table[state % len(table)], state

    return step


@pytest.fixture
def tree():
    return random_tree


def start(N=1):
    return torch.zeros(N, dtype=torch.long), torch.zeros(N, dtype=torch.long)


@pytest.fixture
def one():
    return start


def probability(step, path, state=None):
    """log P of one sequence, symbol by symbol."""
    total, tokens = 0.0, torch.zeros(1, dtype=torch.long)
    state = torch.zeros(1, dtype=torch.long) if state is None else state
    for v in path:
        row, state = step(state, tokens)
        total, tokens = total + row[0, v].item(), torch.tensor([v])
    return total


@pytest.fixture
def log_p():
    return probability


def path(row):
    """A row of tokens as a path, up to its first END."""
    row = row.tolist()
    return tuple(row[: row.index(END) + 1] if END in row else row)


@pytest.fixture
def cut():
    return path
