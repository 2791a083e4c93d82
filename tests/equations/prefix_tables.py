"""Small models for the checks of searches: a distribution of the next symbol for every prefix.

The symbols are 0…V-1 and END is the last of them; a prefix is a tuple of symbols.
"""

import itertools
import math

import numpy as np
import torch

V, T, END = 4, 5, 3


def prefixes(V=V, T=T):
    """All paths without END that are shorter than T."""
    return [p for t in range(T) for p in itertools.product(range(V - 1), repeat=t)]


def model(rng, V=V, T=T):
    """A distribution for every prefix: {path: (V,)}."""
    return {path: rng.dirichlet(np.ones(V)) for path in prefixes(V, T)}


def finished(V=V, T=T):
    """All sentences of at most T symbols."""
    return [(*p, V - 1) for p in prefixes(V, T)]


def chance(table, path):
    """The probability of a path, as the product along it."""
    return math.prod(table[path[:t]][v] for t, v in enumerate(path))


def stepping(table, asked=None):
    """The step function of a table; prefixes are kept in an array of objects, the state."""

    def step(state, tokens):
        paths = [
            () if v < 0 else (*path, v) for path, v in zip(state, tokens.tolist(), strict=True)
        ]
        if asked is not None:
            asked.extend(paths)
        state = np.empty(len(paths), object)
        state[:] = paths
        return np.log(np.stack([table[path] for path in paths])), state

    return step


def start():
    """The state and the first token with which a search of one sentence begins."""
    return np.array([None], object), torch.tensor([-1])
