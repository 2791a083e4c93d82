"""Whether an answer is the right one, and what the student reads where it is not.

Each check raises `Wrong`. Its sentence says what is wrong without an input or a reference value.
Its `detail`, which is shown in practice only, says what came and what was expected, and where.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy import ndarray

from unrolled.grading.failures import Wrong

COUNTS = ("no", "one", "two", "three", "four", "five", "six")


def equal(got: Any, wanted: Any, what: str = "the result") -> None:
    """Raise `Wrong` unless `got` is `wanted`: the same kind of thing, with the same content."""
    if isinstance(wanted, ndarray):
        same_shape(got, wanted, what)
        if got.dtype.kind != wanted.dtype.kind:
            raise Wrong(f"{what} must be {wanted.dtype}, and is {got.dtype}")
        right = got == wanted
        if not right.all():
            raise Wrong(f"{what} is not right", difference(got, wanted, right))
    elif type(got) is not type(wanted):
        raise Wrong(f"{what} should be {kind(wanted)}, and is {kind(got)}", difference(got, wanted))
    elif not same(got, wanted):
        raise Wrong(f"{what} is not right", difference(got, wanted))


def same(got: Any, wanted: Any) -> bool:
    """Whether two values are equal. An array inside of one makes them different."""
    try:
        return bool(got == wanted)
    except ValueError:  # an array has no single answer
        return False


def close(
    got: Any, wanted: Any, what: str = "the result", tolerance: float = 1e-8, dtype: str = ""
) -> None:
    """Raise `Wrong` unless `got` is a number or an array near `wanted`.

    Parameters
    ----------
    got, wanted
        Two numbers, or two arrays of one shape. A number may be an array of no axis.
    what
        What it is, for the sentence that the student reads.
    tolerance
        How far off it may be, as a part of 1 + |wanted|.
    dtype
        The dtype that the array must have, where it matters.
    """
    wanted = np.asarray(wanted)
    if wanted.ndim == 0 and type(got) in (int, float):
        got = np.asarray(got)
    same_shape(got, wanted, what)
    if got.dtype.kind not in "fiub":  # a whole number of hundreds of digits is an object
        raise Wrong(f"{what} is not right", difference(got, wanted))
    if dtype and got.dtype != dtype:
        raise Wrong(f"{what} must be {dtype}, and is {got.dtype}")
    if got.dtype.kind == "f" and np.isnan(got).any():
        reason = f"{what} has entries that are not numbers (nan)"
        raise Wrong(reason, difference(got, wanted, ~np.isnan(got)))
    with np.errstate(invalid="ignore"):
        far = np.abs((got - wanted).astype(float))  # whole numbers have a least without an abs
        near = far <= tolerance * (1 + np.abs(wanted))
    right = (got == wanted) | (near & np.isfinite(wanted))
    if not right.all():
        raise Wrong(f"{what} is not right", difference(got, wanted, right))


def same_shape(got: Any, wanted: ndarray, what: str) -> None:
    """Raise `Wrong` unless `got` is an array of the shape of `wanted`."""
    if type(got) is not ndarray or (wanted.ndim == 0 and got.ndim > 0):
        kind_wanted = "an array" if wanted.ndim else "a number"
        raise Wrong(f"{what} should be {kind_wanted}, and is {kind(got)}", difference(got, wanted))
    if got.shape != wanted.shape:
        shapes = f"expected {wanted.shape}, got {got.shape}"
        raise Wrong(f"{what} has the wrong shape", shapes)


def each(names: Iterable[str], check: Callable[[str], None]) -> None:
    """Check every name, and raise one `Wrong` that tells all that are wrong.

    Its detail is that of the first.
    """
    wrong = []
    for name in names:
        try:
            check(name)
        except Wrong as error:
            wrong.append(error)
    if wrong:
        first = "the first of them " if len(wrong) > 1 and wrong[0].detail else ""
        raise Wrong("; ".join(map(str, wrong)), first + wrong[0].detail)


def returns(got: Any, count: int, what: str = "the result") -> tuple:
    """The things that a function gave, or `Wrong` unless it is a tuple or a list of so many."""
    wanted = f"{COUNTS[count]} thing{'s' * (count != 1)}"
    if not isinstance(got, tuple | list):
        raise Wrong(f"{what} should be {wanted}, and is {kind(got)}")
    if len(got) != count:
        raise Wrong(f"{what} should be {wanted}", f"got {len(got)}")
    return tuple(got)


def entries(
    got: Any, names: Iterable[str], what: str = "the result", others: bool = True
) -> dict[str, Any]:
    """The dict that a function gave, or `Wrong` unless it is one with entries of these names.

    Without `others` it must have these alone.
    """
    names = list(names)
    if not isinstance(got, dict):
        raise Wrong(f"{what} should be a dict, and is {kind(got)}")
    found = f"it has {', '.join(map(str, got))}"[:300]
    if missing := [name for name in names if name not in got]:
        raise Wrong(f"{what} has no entry {', '.join(missing)}", found)
    if not others and len(got) > len(names):
        raise Wrong(f"{what} should have the entries {', '.join(names)} and no others", found)
    return got


def kind(value: Any) -> str:
    """What sort of thing a value is, in words."""
    if value is None:
        return "None"
    name = {ndarray: "array", str: "text"}.get(type(value), type(value).__name__)
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def difference(got: Any, wanted: Any, right: ndarray | None = None) -> str:
    """What came and what was expected, at the first place where they differ.

    Parameters
    ----------
    got, wanted
        Two values of any kind.
    right
        For two arrays of one shape: which entries are right.
    """
    place = ""
    if right is not None and np.ndim(right):
        index = tuple(int(k) for k in np.argwhere(~right)[0])
        place, got, wanted = f"[{', '.join(map(str, index))}]", got[index], wanted[index]
    elif right is None:
        place, got, wanted = first_difference(got, wanted)
    where = f"at {place}: " if place else ""
    return f"{where}expected {wanted!s:.300}, got {got!s:.300}"


def first_difference(got: Any, wanted: Any) -> tuple[str, Any, Any]:
    """Where two lists, tuples or dicts of the same length first differ, and what stands there."""
    if type(got) is not type(wanted) or not isinstance(got, list | tuple | dict):
        return "", got, wanted
    names = isinstance(wanted, dict)
    if len(got) != len(wanted) or (names and got.keys() != wanted.keys()):
        return "", got, wanted
    for place in wanted if names else range(len(wanted)):
        if not same(got[place], wanted[place]):
            rest, *values = first_difference(got[place], wanted[place])
            return f"[{place!r}]{rest}", *values
    return "", got, wanted
