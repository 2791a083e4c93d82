"""Are the gradients right? Finite differences through a random cotangent."""

from collections.abc import Callable

import numpy as np
from numpy import ndarray


def numerical_gradient(f: Callable[[], float], x: ndarray, step: float = 1e-6) -> ndarray:
    """Central differences of the scalar f(x) at every entry of x (float64), changed and restored.

    Source: (f(x + s) - f(x - s)) / 2s, in error by O(s²) plus rounding of order 1e-16 / s.
    """
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
    """Largest difference, in units of the largest entry of either array."""
    scale = max(np.abs(a).max(), np.abs(b).max(), np.finfo(float).tiny)
    return float(np.abs(a - b).max() / scale)


def check_layer(layer, x: ndarray, state, rng: np.random.Generator) -> dict[str, float]:
    """Relative error of every gradient that `layer.backward` returns.

    The scalar differentiated is sum(C * h): its gradient at the states is the cotangent C, drawn
    at random, so that no error can hide behind a symmetry (with C = 1 some do).

    Parameters
    ----------
    layer : a dataclass of float64 arrays with `forward` and `backward`
    x : (T, N, D) inputs
    state : (N, H) initial state, or a tuple of them

    Returns
    -------
    errors : for each parameter by its name, for "x", and for "h_0" ("h_0", "c_0" for a pair)
    """
    h, tape = layer.forward(x, state)
    C = rng.normal(size=h.shape)
    grads, dx, dstate = layer.backward(tape, C)

    def f(_):
        return np.sum(C * layer.forward(x, state)[0])

    states, dstates = (s if isinstance(s, tuple) else (s,) for s in (state, dstate))
    pairs = {name: (array, vars(grads)[name]) for name, array in vars(layer).items()}
    pairs |= {"x": (x, dx)} | dict(
        zip(("h_0", "c_0"), zip(states, dstates, strict=True), strict=False)
    )
    return {k: relative_error(d, numerical_gradient(f, a)) for k, (a, d) in pairs.items()}
