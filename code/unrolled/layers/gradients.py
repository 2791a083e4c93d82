"""Are the gradients right? Finite differences through a random cotangent."""

from collections.abc import Callable, Iterator

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


def check_layer(layer, x: ndarray, state, rng: np.random.Generator, **options) -> dict[str, float]:
    """Relative error of every gradient that `layer.backward` returns, against differences.

    The scalar differentiated is sum(C * h) with a random cotangent C, which is then its gradient at
    the states: with C = 1 an error that a sum over steps or units hides would pass.

    Parameters
    ----------
    layer : a dataclass of float64 arrays, or of layers, with `forward` and `backward`
    x : (T, N, D) inputs
    state : (N, H) initial state, or a pair of them (h_0, c_0); of several layers, a list
    rng : draws C
    options : go to `forward`

    Returns
    -------
    errors : one for each parameter by its name, for "x", and for "h_0" (and "c_0"); of several
        layers, names such as "layers.0.W_xh", and "0" for the first one's initial state
    """
    h, tape = layer.forward(x, state, **options)
    C = rng.normal(size=h.shape)
    grads, dx, dstate = layer.backward(tape, C)
    arrays = dict(named(layer)) | {"x": x} | dict(named(state))
    claimed = dict(named(grads)) | {"x": dx} | dict(named(dstate))

    def f(_: ndarray) -> float:
        return np.sum(C * layer.forward(x, state, **options)[0])

    return {k: relative_error(claimed[k], numerical_gradient(f, arrays[k])) for k in arrays}


def named(tree, path: str = "") -> Iterator[tuple[str, ndarray]]:
    """Every array of a layer or a state with its name; the parts of a list count from 0."""
    if isinstance(tree, ndarray):
        yield path.removesuffix(".") or "h_0", tree
    elif isinstance(tree, tuple):  # an LSTM's state
        yield from zip((f"{path}h_0", f"{path}c_0"), tree, strict=False)
    else:
        for name, part in enumerate(tree) if isinstance(tree, list) else vars(tree).items():
            yield from named(part, f"{path}{name}.")
