"""Ways to spoil an argument: another shape, type, sign or size, nothing at all, NaN, infinity."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor

HUGE = 1e150  # whose square is still a number
WRONG = (None, "text", b"bytes", 2.5, [], {}, object(), 1 + 2j, np.array("text"), [None], True)
NUMBERS = (0, 1, -1, -3, 2.5, float("nan"), float("inf"), -float("inf"), 10**30, -(10**30), 10**400)
NUMBERS += ("3", None, [3], np.array([1, 2]), 2j, True, 0.5, HUGE, torch.ones(2), b"3", object())
TEXTS = ("", "x", "no such name", " ", "\0", "é" * 40, b"bytes", None, 5, 2.5, ["a", 3], ("a",), {})


def spoil_array(a: ndarray) -> Iterator[Any]:
    """Arrays of other shapes, numbers and types in the place of this one."""
    if a.ndim:
        yield from (a[: len(a) // 2], a[:0], a[..., 1:], a[..., :0], a.T, a[-1] if len(a) else a)
    yield from (a[None], a[..., None], np.float64(2), [[1], [1, 2]], a.tolist(), a.copy(order="F"))
    whole = np.nan_to_num(a, nan=0, posinf=1, neginf=-1).astype(int)
    yield from (
        -1 * a,
        np.zeros_like(a),
        a + 0.5,
        a + 10**6,
        a + 1j,
        a > 0,
        whole,
        a.astype(object),
    )
    yield from (a.astype(str), whole.astype("u1"), a.astype("e"), torch.tensor(a.copy()))
    if a.dtype.kind == "f" and a.size:
        yield a * (HUGE if a.dtype == float else 1e18)
        for bad in (np.nan, np.inf, -np.inf):
            b = a.copy()
            b.flat[a.size // 2] = bad
            yield b


def spoil_tensor(a: Tensor) -> Iterator[Any]:
    """The same for tensors; arrays in their place, too."""
    for b in spoil_array(a.detach().numpy()):
        if isinstance(b, ndarray) and b.dtype.kind in "fiubc":
            yield torch.from_numpy(b.copy())
        elif not isinstance(b, Tensor):
            yield b
    yield a.detach().numpy().copy()


def parts(value: Any) -> dict[Any, Any]:
    """The parts of a container, by the key or number at which another one can stand."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list | tuple):
        return dict(enumerate(value))
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in fields(value) if f.init}
    return {}


def with_part(value: Any, key: Any, part: Any) -> Any:
    """A copy in which one part is another."""
    if isinstance(value, dict):
        return value | {key: part}
    if isinstance(value, list | tuple):
        return type(value)([*value[:key], part, *value[key + 1 :]])
    return replace(value, **{key: part})


def spoil_container(value: Any) -> Iterator[Any]:
    """Fewer or more parts, or one of them spoiled."""
    if isinstance(value, dict):
        some = list(value.items())
        yield from ({}, list(value), dict(some[1:]), value | {"_": 1})
    elif isinstance(value, list) or type(value) is tuple:
        kind = type(value)
        yield from (kind(), kind([*value, *value[:1]]), value[1:], kind([None]), kind([2.5]))
        yield from value[:1]
    for key, part in parts(value).items():
        for other in spoiled(part):
            yield with_part(value, key, other)


def spoiled(value: Any) -> Iterator[Any]:
    """All that is tried in the place of a value."""
    if isinstance(value, ndarray):
        yield from spoil_array(value)
    elif isinstance(value, Tensor):
        yield from spoil_tensor(value)
    elif isinstance(value, str):
        yield from (*TEXTS, 2 * value, value[:-1])
    elif isinstance(value, bool):
        yield from (None, 0, 1, "text")
    elif isinstance(value, int | float | np.number):
        yield from (*NUMBERS, -value, value + 1)
    elif hasattr(value, "_fields"):  # a record is whole, or it is something else
        yield from (tuple(value), value[:1])
    else:
        yield from spoil_container(value)
    if not isinstance(value, str | int | float):
        yield from WRONG


def leaves(tree: Any) -> Iterator[Any]:
    """Every array, tensor, number and text in a thing, however deep."""
    if isinstance(tree, torch.nn.Module):
        yield from leaves(dict(tree.state_dict()))
    elif inner := parts(tree):
        for part in inner.values():
            yield from leaves(part)
    elif isinstance(tree, ndarray | Tensor | float | int | str | np.number):
        yield tree


def same(left: Any, right: Any) -> bool:
    """Do two things hold the same, of the same types and shapes, NaN being like NaN?"""
    a, b = ([np.asarray(plain(x)) for x in leaves(tree)] for tree in (left, right))
    return [(x.dtype, x.shape, x.tobytes()) for x in a] == [
        (x.dtype, x.shape, x.tobytes()) for x in b
    ]


def plain(x: Any) -> Any:
    """A tensor as an array; anything else as it is."""
    return x.detach().cpu().numpy() if isinstance(x, Tensor) else x


def numbers(tree: Any) -> Iterator[ndarray]:
    """Every array and number of floats in a thing."""
    for leaf in leaves(tree):
        array = np.asarray(plain(leaf))
        if array.dtype.kind in "fc":
            yield array
