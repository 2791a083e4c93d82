"""Are the gradients right? Finite differences through a random cotangent."""

from collections.abc import Callable

import numpy as np
from numpy import ndarray


def numerical_gradient(f: Callable[[ndarray], float], x: ndarray, step: float = 1e-6) -> ndarray:
    """Central differences (f(x + s) - f(x - s)) / 2s at every entry of x.

    Their error is of order s² from the formula and about 1e-16 |f| / s from rounding.

    Parameters
    ----------
    f : a scalar function; x changes in place, so f may also ignore its argument and use x
    x : float64 array of any shape; afterwards as before
    step : s

    Returns
    -------
    gradient : an array like x

    Raises
    ------
    ValueError : if x is not float64 (rounding would drown the difference)
    """
    if x.dtype != np.float64:
        raise ValueError(f"x must be float64, got {x.dtype}")
    gradient = np.empty_like(x)
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + step
        above = f(x)
        x[i] = kept - step
        below = f(x)
        x[i] = kept
        gradient[i] = (above - below) / (2 * step)
    return gradient


def relative_error(a: ndarray, b: ndarray) -> float:
    """Largest difference in units of either's largest entry; ValueError if the shapes differ."""
    if a.shape != b.shape:
        raise ValueError(f"arrays must have one shape, got {a.shape} and {b.shape}")
    scale = max(np.abs(a).max(), np.abs(b).max(), np.finfo(float).tiny)
    return float(np.abs(a - b).max() / scale)


def check_layer(layer, x: ndarray, state, rng: np.random.Generator) -> dict[str, float]:
    """Relative error of every gradient that `layer.backward` returns, against differences.

    The scalar differentiated is sum(C * h) with a random cotangent C, which is then its gradient at
    the states: with C = 1 an error that a sum over steps or units hides would pass.

    Parameters
    ----------
    layer : a dataclass of float64 arrays, with `forward` and `backward`
    x : (T, N, D) inputs
    state : (N, H) initial state, or a pair of them (h_0, c_0)
    rng : draws C

    Returns
    -------
    errors : one for each parameter by its name, for "x", and for "h_0" (and "c_0")
    """
    h, tape = layer.forward(x, state)
    C = rng.normal(size=h.shape)
    grads, dx, dstate = layer.backward(tape, C)
    states, dstates = (s if isinstance(s, tuple) else (s,) for s in (state, dstate))
    names = ("h_0", "c_0")[: len(states)]
    arrays = vars(layer) | {"x": x} | dict(zip(names, states, strict=True))
    claimed = vars(grads) | {"x": dx} | dict(zip(names, dstates, strict=True))

    def f(_: ndarray) -> float:
        return np.sum(C * layer.forward(x, state)[0])

    return {k: relative_error(claimed[k], numerical_gradient(f, arrays[k])) for k in arrays}
