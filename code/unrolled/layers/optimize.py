"""Descent by the gradient: SGD, Adam, and clipping.

Parameters and gradients come as a dataclass of arrays (a layer), or a dict, list or tuple of such
things; both must have the same structure. Everything works in place. Clipping is separate from
the loss and from the update: call it between the two.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy import ndarray


def arrays(tree: Any) -> Iterator[ndarray]:
    """Every array in a dataclass, dict (by sorted key), list or tuple, nested as they may be."""
    if isinstance(tree, ndarray):
        yield tree
        return
    if isinstance(tree, int):
        return  # a layer's setting, such as a dilation
    if isinstance(tree, dict):
        tree = [tree[key] for key in sorted(tree)]
    elif not isinstance(tree, list | tuple):
        tree = [getattr(tree, f.name) for f in fields(tree)]  # a dataclass, else TypeError
    for part in tree:
        yield from arrays(part)


def pairs(parameters: Any, gradients: Any) -> list[tuple[ndarray, ndarray]]:
    """Each parameter with its gradient; ValueError where number or shapes disagree."""
    p, g = list(arrays(parameters)), list(arrays(gradients))
    if [a.shape for a in p] != [a.shape for a in g]:
        expected, got = ([a.shape for a in both] for both in (p, g))
        raise ValueError(f"gradients must have shapes {expected}, got {got}")
    return list(zip(p, g, strict=True))


@dataclass
class SGD:
    """Stochastic gradient descent with momentum: v = momentum v + g, then p = p - learning_rate v.

    It remembers v by the order of the arrays: one optimiser for one set of parameters.
    """

    learning_rate: float
    momentum: float = 0.0
    velocity: list[ndarray] = field(default_factory=list, init=False, repr=False)

    def step(self, parameters: Any, gradients: Any) -> None:
        """One step downhill, in place; ValueError if the gradients' shapes differ."""
        both = pairs(parameters, gradients)
        self.velocity = self.velocity or [np.zeros_like(p) for p, _ in both]
        for (p, g), v in zip(both, self.velocity, strict=True):
            v *= self.momentum
            v += g
            p -= self.learning_rate * v


@dataclass
class Adam:
    """Adam (Kingma & Ba, 2015, algorithm 1), with the correction for means that start at zero.

    It remembers the means by the order of the arrays: one optimiser for one set of parameters.
    """

    learning_rate: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    steps: int = field(default=0, init=False)
    means: list[tuple[ndarray, ndarray]] = field(default_factory=list, init=False, repr=False)

    def step(self, parameters: Any, gradients: Any) -> None:
        """One step downhill, in place; ValueError if the gradients' shapes differ."""
        both = pairs(parameters, gradients)
        self.means = self.means or [(np.zeros_like(p), np.zeros_like(p)) for p, _ in both]
        self.steps += 1
        b1, b2 = self.betas
        for (p, g), (m, v) in zip(both, self.means, strict=True):
            m += (1 - b1) * (g - m)  # running mean of the gradient
            v += (1 - b2) * (g * g - v)  # ... and of its square
            m_hat, v_hat = m / (1 - b1**self.steps), v / (1 - b2**self.steps)
            p -= self.learning_rate * m_hat / (np.sqrt(v_hat) + self.epsilon)


def global_norm(gradients: Any) -> float:
    """Euclidean length of all the arrays taken as one long vector."""
    return float(np.sqrt(sum(np.sum(np.square(g, dtype=float)) for g in arrays(gradients))))


def clip_norm(gradients: Any, limit: float) -> float:
    """Shorten the gradient to the limit if it is longer, its direction kept, in place.

    Returns the norm before. Source: Pascanu, Mikolov & Bengio (2013), algorithm 1.
    """
    norm = global_norm(gradients)
    if norm > limit:
        for g in arrays(gradients):
            g *= limit / norm
    return norm


def clip_value(gradients: Any, limit: float) -> None:
    """Limit every entry to [-limit, limit], in place; this turns the gradient's direction."""
    for g in arrays(gradients):
        np.clip(g, -limit, limit, out=g)
