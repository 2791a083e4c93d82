"""What a secret key decides: numbers and choices, the same on every machine and every Python.

A course has one key. A `Draw` is the key with a path of names, such as a set and a student, and
each path has numbers of its own. They come from SHAKE-256, so who knows the numbers of one path
knows nothing of the key or of any other path.
"""

import hashlib
import math
from collections.abc import Sequence
from itertools import count
from typing import Any, TypeVar

import numpy as np
from numpy import ndarray

Item = TypeVar("Item")


class Draw:
    """A stream of numbers that a key and a path of names decide."""

    def __init__(self, key: str, *path: str):
        """The stream of `key` at `path`: the same two always begin the same stream."""
        self.key, self.path = key, path
        self.blocks = count()

    def at(self, *names: str) -> "Draw":
        """A fresh stream, further down the path. How much was drawn here does not matter."""
        return Draw(self.key, *self.path, *names)

    def words(self, n: int) -> ndarray:
        """The next n (n,) whole numbers of 64 bits."""
        address = "".join(f"{len(part)}:{part}" for part in (self.key, *self.path))
        seed = f"{address}#{next(self.blocks)}".encode(errors="surrogatepass")
        return np.frombuffer(hashlib.shake_256(seed).digest(8 * n), dtype="<u8")

    def below(self, n: int) -> int:
        """A whole number from 0 to n - 1, each as likely as the others."""
        if n < 1:
            raise ValueError(f"n must be at least 1, got {n}")
        while (word := int(self.words(1)[0])) >= 2**64 // n * n:
            pass  # the last, incomplete round would favour small numbers
        return word % n

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + self.below(high - low + 1)

    def choice(self, items: Sequence[Item]) -> Item:
        """One of the items."""
        return items[self.below(len(items))]

    def sample(self, items: Sequence[Item], k: int) -> list[Item]:
        """k of the items, none twice, in an order of chance."""
        if k > len(items):
            raise ValueError(f"only {len(items)} items, got k = {k}")
        rest = list(items)
        return [rest.pop(self.below(len(rest))) for _ in range(k)]

    def uniform(self, *shape: int, low: float = -1.0, high: float = 1.0) -> Any:
        """Numbers from low up to high: an array of this shape, a float where no shape is given."""
        numbers = low + (high - low) * ((self.words(math.prod(shape)) >> 11) * 2.0**-53)
        return numbers.reshape(shape) if shape else float(numbers[0])
