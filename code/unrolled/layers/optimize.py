"""Descent by the gradient: SGD, Adam, and clipping.

Parameters and gradients come as a dataclass of arrays (a layer), or a dict, list or tuple of such
things; both must have the same structure. Everything works in place. Clipping is separate from
the loss and from the update: call it between the two.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np
from numpy import ndarray

from unrolled import checks
from unrolled.layers.layer_contract import check, check_parts


def arrays(tree: Any, name: str = "tree") -> Iterator[ndarray]:
    """Every array in a dataclass, dict (by sorted key), list or tuple, nested as they may be.

    Raises ValueError, under the name that is given, for anything else, such as a tensor, and for
    arrays of whole numbers, NaN or infinity: a step could not be made with them.
    """
    if isinstance(tree, ndarray):
        check(name, tree, *tree.shape)
        yield tree
        return
    if isinstance(tree, int):
        return  # a layer's setting, such as a dilation
    for part in parts_of(tree, name):
        yield from arrays(part, name)


def parts_of(tree: Any, name: str = "tree") -> list[Any]:
    """The values of a dict (by sorted key), list, tuple or dataclass; else ValueError."""
    if isinstance(tree, dict):
        return [tree[key] for key in sorted(tree, key=str)]
    if isinstance(tree, list | tuple):
        return list(tree)
    if is_dataclass(tree) and not isinstance(tree, type):
        return [getattr(tree, f.name) for f in fields(tree)]
    expected = "NumPy arrays, or dataclasses, dicts, lists or tuples of them"
    raise ValueError(f"{name} must be {expected}, got a {type(tree).__name__}")


def check_keys(parameters: Any, gradients: Any) -> None:
    """ValueError unless dicts at the same place have the same keys: pairs go by order."""
    if isinstance(parameters, ndarray | int) or isinstance(gradients, ndarray | int):
        return
    expected, got = (
        sorted(t, key=str) if isinstance(t, dict) else [] for t in (parameters, gradients)
    )
    if expected != got:
        raise ValueError(f"gradients must have the keys {expected}, got {got}")
    inside = parts_of(parameters, "parameters"), parts_of(gradients, "gradients")
    for p, g in zip(*inside, strict=False):
        check_keys(p, g)


def pairs(parameters: Any, gradients: Any) -> list[tuple[ndarray, ndarray]]:
    """Each parameter with its gradient; ValueError where keys, number or shapes disagree."""
    check_keys(parameters, gradients)
    p, g = list(arrays(parameters, "parameters")), list(arrays(gradients, "gradients"))
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

    def __post_init__(self) -> None:
        checks.number(0, learning_rate=self.learning_rate)
        checks.number(0, 1, momentum=self.momentum)

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

    def __post_init__(self) -> None:
        checks.number(0, learning_rate=self.learning_rate, epsilon=self.epsilon)
        check_parts("betas", self.betas, "a pair", 2)
        for beta in self.betas:
            checks.number(0, 1, **{"each of betas": beta})

    def step(self, parameters: Any, gradients: Any) -> None:
        """One step downhill, in place; ValueError if the gradients' shapes differ."""
        both = pairs(parameters, gradients)
        if not self.means:  # float32 at least: epsilon is 0 in half precision
            wide = [np.zeros(p.shape, np.result_type(p, np.float32)) for p, _ in both]
            self.means = [(m, m.copy()) for m in wide]
        self.steps += 1
        b1, b2 = self.betas
        for (p, g), (m, v) in zip(both, self.means, strict=True):
            m += (1 - b1) * (g - m)  # running mean of the gradient
            v += (1 - b2) * (g * g - v)  # ... and of its square
            m_hat, v_hat = m / (1 - b1**self.steps), v / (1 - b2**self.steps)
            p -= self.learning_rate * m_hat / (np.sqrt(v_hat) + self.epsilon)


def global_norm(gradients: Any) -> float:
    """Euclidean length of all the arrays taken as one long vector."""
    return float(
        np.sqrt(sum(np.sum(np.square(g, dtype=float)) for g in arrays(gradients, "gradients")))
    )


def clip_norm(gradients: Any, limit: float) -> float:
    """Shorten the gradient to the limit if it is longer, its direction kept, in place.

    Returns the norm before. Source: Pascanu, Mikolov & Bengio (2013), algorithm 1. Raises
    ValueError for a limit that is not at least 0.
    """
    check_limit(limit)
    norm = global_norm(gradients)
    if norm > limit:
        for g in arrays(gradients):
            g *= limit / norm
    return norm


def clip_value(gradients: Any, limit: float) -> None:
    """Limit every entry to [-limit, limit], in place; this turns the gradient's direction.

    Raises ValueError for a limit that is not at least 0.
    """
    check_limit(limit)
    for g in list(arrays(gradients, "gradients")):
        np.clip(g, -limit, limit, out=g)


def check_limit(limit: float) -> None:
    """ValueError for a negative limit, or NaN; infinity limits nothing."""
    checks.number(0, np.inf, limit=limit)
