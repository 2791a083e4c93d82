"""What crosses between judge and submission: plain values and arrays as bytes, and nothing else.

A frame is two lengths, a text (JSON) and the raw bytes of the arrays. In the text a list stands for
itself, and every other compound is an object with one name: {"tuple": […]}, {"dict": [[key, value],
…]}, {"array": [dtype, shape]}, {"function": number}. Nothing in a frame can name code.

The submission's side loads this file too, so it imports the standard library and NumPy alone.
"""

import json
import math
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

LENGTHS = struct.Struct("<II")  # of the text and of the arrays
LONGEST_TEXT = 4 * 2**20  # bytes: what the text unfolds to in memory is a multiple of it
LARGEST = 64 * 2**20  # bytes of all arrays of a frame
DEEPEST = 24  # lists within lists
LONGEST_INTEGER = 4000  # bits
MOST_PAIRS = 20_000  # of all dicts of a frame: keys with one hash are found one after the other
DTYPES = {name: np.dtype(name) for name in ("float64", "float32", "int64", "bool")}
WIDENED = {np.dtype(name) for name in ("int8", "int16", "int32", "uint8", "uint16", "uint32")}

Named = Callable[[Callable], int]  # gives a function its number
Called = Callable[[int], Callable]  # gives a number its function


class WireError(ValueError):
    """What cannot be sent, or was not sent properly."""


def sizes(lengths: bytes) -> tuple[int, int]:
    """How many bytes of text and of arrays a frame says it has, refused where that is too many."""
    text, arrays = LENGTHS.unpack(lengths)
    if text > LONGEST_TEXT or arrays > LARGEST:
        raise WireError(f"an answer of {(text + arrays) / 2**20:.0f} MiB is too large")
    return text, arrays


def pack(value: Any, number: Named | None = None) -> bytes:
    """A value as a frame. Functions are sent as what `number` gives for them, or refused."""
    arrays: list[bytes] = []
    text = json.dumps(_plain(value, arrays, number, 0)).encode()
    frame = LENGTHS.pack(min(len(text), 2**32 - 1), min(sum(map(len, arrays)), 2**32 - 1))
    sizes(frame)
    return b"".join([frame, text, *arrays])


def unpack(frame: bytes, function: Called | None = None) -> Any:
    """The value of a frame. A wrong one raises an Exception, which need not be a WireError."""
    text, arrays = sizes(frame[: LENGTHS.size])
    if len(frame) != LENGTHS.size + text + arrays:
        raise WireError("a frame is longer or shorter than it says")
    start = LENGTHS.size + text
    reader = _Reader(memoryview(frame)[start:], function)
    value = reader.value(json.loads(frame[LENGTHS.size : start]), 0)
    if reader.rest:
        raise WireError("a frame has bytes that belong to no array")
    return value


def _plain(value: Any, arrays: list[bytes], number: Named | None, depth: int) -> Any:
    """A value as JSON knows it; the bytes of arrays go into `arrays`.

    What is kept of a subclass, such as a Counter, is its value.
    """
    if depth > DEEPEST:
        raise WireError(f"a value is nested more than {DEEPEST} deep")
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool):
        return value
    if type(value) is np.ndarray:
        return {"array": _sent(value, arrays)}
    for kind in (int, float, str, list, tuple, dict):
        if isinstance(value, kind):
            value = kind(value)
            return _compound(value, lambda item: _plain(item, arrays, number, depth + 1))
    if number is not None and callable(value):
        return {"function": number(value)}
    raise WireError(f"a value of type {type(value).__name__} cannot be sent")


def _compound(value: Any, plain: Callable[[Any], Any]) -> Any:
    """A number, a text, or what holds others, which `plain` makes ready."""
    if type(value) is int and value.bit_length() > LONGEST_INTEGER:
        raise WireError(f"an integer has more than {LONGEST_INTEGER} bits")
    if type(value) is list:
        return [plain(item) for item in value]
    if type(value) is tuple:
        return {"tuple": [plain(item) for item in value]}
    if type(value) is dict:
        return {"dict": [[plain(key), plain(item)] for key, item in value.items()]}
    return value


def _sent(array: np.ndarray, arrays: list[bytes]) -> list:
    """Name of dtype and shape of an array, whose bytes go into `arrays`."""
    if array.dtype in WIDENED:
        array = array.astype(np.int64)
    if array.dtype not in DTYPES.values():
        raise WireError(f"an array of {array.dtype} cannot be sent, only {', '.join(DTYPES)}")
    if array.nbytes > LARGEST:
        raise WireError(f"an array of {array.nbytes / 2**20:.0f} MiB is too large")
    arrays.append(array.tobytes())
    return [array.dtype.name, list(array.shape)]


class _Reader:
    """Makes values of what JSON has read, and of the bytes of arrays that no array has taken."""

    def __init__(self, rest: memoryview, function: Called | None):
        self.rest, self.function, self.pairs = rest, function, 0

    def value(self, plain: Any, depth: int) -> Any:
        """The value that a part of the text stands for."""
        if depth > DEEPEST:
            raise WireError(f"a value is nested more than {DEEPEST} deep")
        if type(plain) is int and plain.bit_length() > LONGEST_INTEGER:
            raise WireError(f"an integer has more than {LONGEST_INTEGER} bits")
        if type(plain) is list:
            return [self.value(item, depth + 1) for item in plain]
        if type(plain) is not dict:
            return plain
        [(kind, content)] = plain.items()
        if kind == "array":
            return self.array(*content)
        if kind == "function" and self.function is not None and type(content) is int:
            return self.function(content)
        if kind == "tuple" and type(content) is list:
            return tuple(self.value(item, depth + 1) for item in content)
        if kind == "dict" and type(content) is list:
            self.pairs += len(content)
            if self.pairs > MOST_PAIRS:
                raise WireError(f"there are more than {MOST_PAIRS} entries in dicts")
            return dict([self.value(part, depth + 1) for part in pair] for pair in content)
        raise WireError("a frame has an object of no known kind")

    def array(self, name: str, shape: list[int]) -> np.ndarray:
        """The next array, with memory of its own."""
        dtype = DTYPES[name]
        if len(shape) > 8 or any(type(n) is not int or n < 0 for n in shape):
            raise WireError("an array has no such shape")
        if math.prod(max(n, 1) for n in shape) * dtype.itemsize > LARGEST:
            raise WireError("an array is too large")
        nbytes = math.prod(shape) * dtype.itemsize
        if nbytes > len(self.rest):
            raise WireError("an array is longer than its frame")
        taken, self.rest = self.rest[:nbytes], self.rest[nbytes:]
        if name == "bool":  # a byte other than 0 and 1 would be a truth value that is neither
            return (np.frombuffer(taken, np.uint8) != 0).reshape(shape)
        return np.frombuffer(taken, dtype).reshape(shape).copy()
