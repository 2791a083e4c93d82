"""The activations that drawn cells may have: printed, computed, differentiated."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy import ndarray


class Activation(NamedTuple):
    """A function of one number: how it is printed, computed, and differentiated."""

    tex: str
    code: str
    value: Callable[[ndarray], ndarray]
    slope: Callable[[ndarray, ndarray], ndarray]  # from what goes in, a, and what comes out, y
    slope_code: str  # what multiplies by the same, with {a} and {y} for the two


def sigmoid(a: ndarray) -> ndarray:
    """1 / (1 + exp(-a)), written with tanh so that no a overflows."""
    return 0.5 + 0.5 * np.tanh(0.5 * a)


ACTIVATIONS = {
    "sigmoid": Activation(
        r"\sigma", "sigmoid", sigmoid, lambda a, y: y * (1 - y), " * {y} * (1 - {y})"
    ),
    "tanh": Activation(r"\tanh", "np.tanh", np.tanh, lambda a, y: 1 - y**2, " * (1 - {y} ** 2)"),
    "arctan": Activation(
        r"\arctan", "np.arctan", np.arctan, lambda a, y: 1 / (1 + a**2), " / (1 + {a} ** 2)"
    ),
    "arsinh": Activation(
        r"\operatorname{arsinh}",
        "np.arcsinh",
        np.arcsinh,
        lambda a, y: 1 / np.sqrt(1 + a**2),
        " / np.sqrt(1 + {a} ** 2)",
    ),
    "softsign": Activation(
        r"\operatorname{softsign}",
        "softsign",
        lambda a: a / (1 + abs(a)),
        lambda a, y: 1 / (1 + abs(a)) ** 2,
        " / (1 + abs({a})) ** 2",
    ),
}
