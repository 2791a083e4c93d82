"""What every recurrent layer takes and gives back, and the checks of what it is given.

    h, last_state, tape = layer.forward(x, state)
    grads, dx, dstate = layer.backward(tape, dh, dlast_state)

x is (T, N, D), h is (T, N, H): time is the first axis. T = 0 and N = 0 are allowed. What comes out
has the type that x and the weights give together, float32 if both are; a state or a gradient of
another type is converted to it. Nothing that a caller passes is changed, the tape included.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy import ndarray
from numpy.typing import DTypeLike

from unrolled import checks


class Layer(Protocol):
    """A recurrent layer. Each kind says what its state is: an array, a pair or a list."""

    def zeros(self, N: int) -> Any:
        """The initial state of N sequences that begin with nothing, in the weights' type."""

    def forward(self, x: ndarray, state: Any, /) -> tuple[ndarray, Any, Any]:
        """All states, the state after the last step, and what `backward` needs."""

    def backward(
        self, tape: Any, dh: ndarray, dlast_state: Any = None, /
    ) -> tuple[Any, ndarray, Any]:
        """Gradients of the parameters, at x and at the initial state.

        dh is each step's own gradient at its h; dlast_state, of the state's kind, is what comes
        back to the last state from whatever was computed with it, None if nothing was.
        """


def check(name: str, array: ndarray, *shape: int | str, infinite: bool = False) -> tuple[int, ...]:
    """The array's shape, if it is the one expected: a number is fixed, a letter stands for any.

    Raises ValueError if it has another shape, or is not an array of floats. NaN and infinity are
    refused, too, unless `infinite` lets them pass.
    """
    expected = f"({', '.join(map(str, shape))}{',' * (len(shape) == 1)})"
    if not isinstance(array, ndarray) or array.dtype.kind != "f":
        came = array.dtype if isinstance(array, ndarray) else type(array).__name__
        raise ValueError(f"{name} must be an array of floats {expected}, got {came}")
    fits = (isinstance(n, str) or n == m for n, m in zip(shape, array.shape, strict=False))
    if array.ndim != len(shape) or not all(fits):
        raise ValueError(f"{name} must be {expected}, got {array.shape}")
    if not infinite and not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity")
    return array.shape


def check_init(rng: np.random.Generator, dtype: DTypeLike, **sizes: int) -> None:
    """ValueError unless a layer can be made so: sizes of at least 1, a generator, a type of floats.

    As in `check_init(rng, dtype, D=D, H=H)`.
    """
    checks.whole(1, **sizes)
    checks.generator(rng)
    try:
        floats = np.dtype(dtype).kind == "f"
    except TypeError:
        floats = False
    if not floats:
        raise ValueError(f"dtype must be a type of floats, got {checks.came(dtype)}")


def check_parts(name: str, parts: Sequence[Any], expected: str, count: int) -> None:
    """ValueError if the parts are not a list or tuple of that many."""
    if not isinstance(parts, list | tuple) or len(parts) != count:
        came = type(parts).__name__
        came += f" of {len(parts)}" if isinstance(parts, list | tuple) else ""
        raise ValueError(f"{name} must be {expected}, got a {came}")


def check_class(kind: Any) -> None:
    """ValueError unless this is a layer's class, such as LSTM."""
    if not isinstance(kind, type) or not hasattr(kind, "init"):
        raise ValueError(f"kind must be a layer's class, such as LSTM, got {checks.came(kind)}")


def check_tape(tape: Any, kind: type) -> None:
    """ValueError unless the tape is of the kind that this layer's `forward` gives."""
    if not isinstance(tape, kind):
        came = type(tape).__name__
        raise ValueError(f"tape must be the {kind.__name__} that forward gave, got a {came}")


def gradient_at(name: str, given: ndarray, like: ndarray) -> ndarray:
    """A gradient that the caller has given, checked against the array it belongs to, of its type.

    Not a copy if the type is right: do not change it.
    """
    check(name, given, *like.shape)
    return given.astype(like.dtype, copy=False)


def from_beyond(name: str, given: ndarray | None, last_state: ndarray) -> ndarray:
    """What comes back to the last state from beyond the last step: a copy, zeros for None."""
    if given is None:
        return np.zeros_like(last_state)
    return gradient_at(name, given, last_state).copy()


def rows(a: ndarray) -> ndarray:
    """(T, N, features) -> (T N, features), one row for each step of each sequence."""
    T, N, features = a.shape
    return a.reshape(T * N, features)
