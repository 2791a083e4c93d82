"""Checks of arguments that every group shares: numbers, generators, kinds of things.

Each raises a ValueError that names the argument, what was expected and what came. They are called
once at the beginning of a public function, never in its loops. What only one group has (the arrays
of a layer, ids of a vocabulary, the start of a search) is checked by that group's own functions.
"""

import operator
from collections.abc import Iterator
from math import nan
from numbers import Real
from pathlib import Path
from sys import float_info
from typing import Any

import numpy as np

MOST = 2**31 - 1  # steps, sequences, symbols: more fit into no memory
LARGEST = float_info.max


def came(value: object) -> str:
    """What came, in a few words: a short value as it is, else its kind."""
    if isinstance(value, np.ndarray) and value.ndim == 1 and value.size < 8:
        return repr(value.tolist())
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{type(value).__name__} of {value.dtype} {tuple(value.shape)}"
    if value is None or (isinstance(value, Real | str | bytes | complex) and len(repr(value)) < 60):
        return repr(value)
    return f"a {type(value).__name__}"


def is_whole(value: Any, at_least: int = 0, at_most: int = MOST) -> bool:
    """Is it a whole number in the range, of whatever library? True and False are not."""
    try:
        return not isinstance(value, bool) and at_least <= operator.index(value) <= at_most
    except TypeError:
        return False


def whole(at_least: int = 0, at_most: int = MOST, **values: Any) -> None:
    """ValueError unless these are whole numbers in the range: whole(1, T=T, N=N)."""
    for name, value in values.items():
        if not is_whole(value, at_least, at_most):
            bound = "a whole number"
            if is_whole(value, -(10**400), 10**400):
                low = operator.index(value) < at_least
                bound = f"at least {at_least}" if low else f"at most {at_most}"
            raise ValueError(f"{name} must be {bound}, got {came(value)}")


def integer(**values: Any) -> None:
    """ValueError unless these are whole numbers, of either sign."""
    whole(-MOST, **values)


def number(at_least: float = -LARGEST, at_most: float = LARGEST, **values: Any) -> None:
    """ValueError unless these are numbers in the range; by default all but NaN and infinities."""
    for name, value in values.items():
        try:
            x = float(value) if isinstance(value, Real) else None
        except OverflowError:
            x = nan
        if x is None or not at_least <= x <= at_most:
            bounds = [f"at least {at_least}"] * bool(at_least > -LARGEST)
            bounds += [f"at most {at_most}"] * bool(at_most < LARGEST)
            expected = "a number" if x is None or not bounds else " and ".join(bounds)
            raise ValueError(f"{name} must be {expected}, got {came(value)}")


def kind(expected: str, types: Any, **values: Any) -> None:
    """ValueError unless these are instances of the type, or of one of the types."""
    for name, value in values.items():
        if not isinstance(value, types):
            raise ValueError(f"{name} must be {expected}, got {came(value)}")


def path(value: Any) -> None:
    """ValueError unless this may be a file's path."""
    kind("a path", str | Path, path=value)
    if "\0" in str(value):
        raise ValueError(f"path must be that of a file, got {str(value)!r}")


def generator(rng: np.random.Generator) -> None:
    """ValueError unless this is a generator of NumPy's."""
    kind("a NumPy generator, as np.random.default_rng(0)", np.random.Generator, rng=rng)


def array(name: str, value: Any, kinds: str = "", expected: str = "numbers") -> np.ndarray:
    """The value as an array, if it is one or a list that is one, of such kinds of numbers if given.

    An empty list is an array of whatever numbers are expected. ValueError for anything else.
    """
    try:
        given = np.asarray(value)
    except (
        ValueError,
        TypeError,
        RuntimeError,
    ):  # rows of unequal lengths; tensors with a gradient
        raise ValueError(f"{name} must be an array of {expected}, got {came(value)}") from None
    if given.size == 0 and not isinstance(value, np.ndarray) and "f" not in kinds:
        given = given.astype(int)
    if kinds and given.dtype.kind not in kinds:
        raise ValueError(f"{name} must be {expected}, got {came(given)}")
    return given


def iterator(name: str, value: Any) -> Iterator:
    """To go through the value once; ValueError where there is nothing to go through."""
    try:
        return iter(value)
    except TypeError:
        raise ValueError(f"{name} must be a list or the like, got {came(value)}") from None


def items(name: str, value: Any) -> list:
    """What one goes through in the value, as `iterator` does it."""
    return list(iterator(name, value))


def text(**values: Any) -> None:
    """ValueError unless these are texts."""
    kind("a text", str, **values)


def function(**values: Any) -> None:
    """ValueError unless these can be called."""
    for name, value in values.items():
        if not callable(value):
            raise ValueError(f"{name} must be a function, got {came(value)}")
