"""Are the gradients right? Finite differences through a random cotangent."""

from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from typing import Any

import numpy as np
from numpy import ndarray

from unrolled import checks


def numerical_gradient(f: Callable[[ndarray], float], x: ndarray, step: float = 1e-6) -> ndarray:
    """Central differences (f(x + s) - f(x - s)) / 2s at every entry of x.

    Their error is of order s² from the formula and about 1e-16 |f| / s from rounding.

    Parameters
    ----------
    f : a scalar function; x changes in place, so f may also ignore its argument and use x
    x : float64 array of any shape; afterwards as before, also if f raises
    step : s

    Returns
    -------
    gradient : an array like x

    Raises
    ------
    ValueError : if x is not float64 (rounding would drown the difference)
    """
    if not isinstance(x, ndarray) or x.dtype != np.float64:
        came = x.dtype if isinstance(x, ndarray) else f"a {type(x).__name__}"
        raise ValueError(f"x must be float64, got {came}")
    checks.function(f=f)
    checks.number(np.finfo(float).tiny, step=step)
    gradient = np.empty_like(x)
    for i in np.ndindex(x.shape):
        kept = x[i]
        try:
            x[i] = kept + step
            above = f(x)
            x[i] = kept - step
            below = f(x)
        finally:  # if f raises, too
            x[i] = kept
        gradient[i] = (above - below) / (2 * step)
    return gradient


def relative_error(a: ndarray, b: ndarray) -> float:
    """Largest difference in units of either's largest entry, 0 where there is none.

    NaN where either holds NaN or infinity. Raises ValueError if the shapes differ.
    """
    a, b = (1.0 * checks.array(name, c, "fiuc") for name, c in (("a", a), ("b", b)))
    if a.shape != b.shape:
        raise ValueError(f"a and b must have one shape, got {a.shape} and {b.shape}")
    scale = max(*(np.abs(c).max(initial=np.finfo(float).tiny) for c in (a, b)))
    with np.errstate(invalid="ignore"):
        return float(np.abs(a - b).max(initial=0) / scale)


def check_layer(
    layer: Any, x: ndarray, state: Any, rng: np.random.Generator, **options: Any
) -> dict[str, float]:
    """Relative error of every gradient that `layer.backward` returns, against differences.

    The scalar differentiated is sum(C * h), and the same at the last state, with random cotangents
    C, which are then its gradients there: with C = 1 an error that a sum over steps or units hides
    would pass.

    Parameters
    ----------
    layer : a dataclass of float64 arrays, or of layers, as `layer_contract.Layer`
    x : (T, N, D) inputs
    state : (N, H) initial state, or (h_0, c_0), or (h_0, c_0, m_0); of several layers, a list
    rng : draws C
    options : go to `forward`

    Returns
    -------
    errors : one for each parameter by its name, for "x", and for "h_0" (and "c_0"); of several
        layers, names such as "layers.0.W_xh", and "0" for the first one's initial state
    """
    checks.generator(rng)
    if not hasattr(layer, "forward"):
        raise ValueError(f"layer must be a layer, got {checks.came(layer)}")
    h, last_state, tape = layer.forward(x, state, **options)
    C, C_last = rng.normal(size=h.shape), cotangent(last_state, rng)
    grads, dx, dstate = layer.backward(tape, C, C_last)
    arrays = dict(named(layer)) | {"x": x} | dict(named(state))
    claimed = dict(named(grads)) | {"x": dx} | dict(named(dstate))

    def f(_: ndarray) -> float:
        h, last_state, _ = layer.forward(x, state, **options)
        pairs = zip(named([C, C_last]), named([h, last_state]), strict=True)
        return sum(float(np.sum(a * b)) for (_, a), (_, b) in pairs)

    return {k: relative_error(claimed[k], numerical_gradient(f, arrays[k])) for k in arrays}


def cotangent(state: Any, rng: np.random.Generator) -> Any:
    """Random numbers in the form of a state: an array, or a pair or list of such things."""
    checks.generator(rng)
    if isinstance(state, ndarray):
        return rng.normal(size=state.shape)
    checks.kind("an array, or a pair or list of arrays", list | tuple, state=state)
    return type(state)(cotangent(part, rng) for part in state)


def named(tree: Any, path: str = "") -> Iterator[tuple[str, ndarray]]:
    """Every array of a layer or a state with its name; the parts of a list count from 0."""
    if isinstance(tree, ndarray):
        yield path.removesuffix(".") or "h_0", tree
    elif isinstance(tree, tuple):  # an LSTM's state
        yield from zip((f"{path}h_0", f"{path}c_0", f"{path}m_0"), tree, strict=False)
    elif isinstance(tree, list) or is_dataclass(tree):  # else a setting, such as a dilation
        for name, part in enumerate(tree) if isinstance(tree, list) else vars(tree).items():
            yield from named(part, f"{path}{name}.")
