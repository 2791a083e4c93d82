"""Two layers that read a sequence in opposite directions, side by side.

    h[t] = (state of one that has read x[1] ... x[t], state of the other after x[T] ... x[t])

The layers are any that have `forward(x, state) -> h, tape` and `backward(tape, dh) -> grads, dx,
dstate`, and time as the first axis. Sequences of unequal lengths lie in one array, each filled up
at its end (padding); the second direction starts at each sequence's own end, not in the padding.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import ndarray


def reverse(x: ndarray, lengths: ndarray | None = None) -> ndarray:
    """Turn the time of every sequence round; twice gives x again (`eq-deep-lengths`).

    Parameters
    ----------
    x : (T, N, ...)
    lengths : (N,) integers from 1 to T, by default all T: the steps beyond stay in place

    Returns
    -------
    turned : x's shape; its step t is x's step length - t + 1, steps counted from 1

    Raises
    ------
    ValueError : if the lengths are not N integers from 1 to T
    """
    if lengths is None:
        return np.ascontiguousarray(x[::-1])
    t, inside = np.arange(len(x))[:, None], within(lengths, *x.shape[:2])
    source = np.where(inside, lengths - 1 - t, t)  # (T, N), counted from 0
    return x[source, np.arange(x.shape[1])]


def within(lengths: ndarray, T: int, N: int) -> ndarray:
    """(T, N) booleans: True inside the sequences, False in the padding; errors as in `reverse`."""
    lengths = np.asarray(lengths)
    if lengths.shape != (N,) or lengths.dtype.kind not in "iu":
        raise ValueError(f"lengths must be {N} integers, got {lengths.dtype} {lengths.shape}")
    if lengths.min() < 1 or lengths.max() > T:
        raise ValueError(f"lengths must be in 1 ... {T}, got {lengths.min()} ... {lengths.max()}")
    return np.arange(T)[:, None] < lengths


@dataclass
class Bidirectional:
    """Two one-directional layers. Their gradient has the same fields: it is a Bidirectional too."""

    rightward: Any  # reads x[1] first
    leftward: Any  # reads x[T] first; parameters of its own

    def forward(
        self, x: ndarray, states: list, lengths: ndarray | None = None
    ) -> tuple[ndarray, tuple]:
        """Run N sequences in both directions (`eq-deep-leftward`, `eq-deep-output`).

        Parameters
        ----------
        x : (T, N, D) inputs; in the padding any finite numbers
        states : the initial states, [of the rightward layer, of the leftward layer]
        lengths : (N,) integers from 1 to T, by default all T

        Returns
        -------
        h : (T, N, 2H) both layers' states side by side; zero in the padding
        tape : what `backward` needs

        Raises
        ------
        ValueError : if lengths, number of states or a shape do not fit
        """
        if len(states) != 2:
            raise ValueError(f"states must be a list of two, one a direction, got {len(states)}")
        right, right_tape = self.rightward.forward(x, states[0])
        left, left_tape = self.leftward.forward(reverse(x, lengths), states[1])
        h = np.concatenate([right, reverse(left, lengths)], axis=-1)
        if lengths is not None:
            h[~within(lengths, *x.shape[:2])] = 0
        return h, (right_tape, left_tape, right.shape[2], lengths)

    def backward(self, tape: tuple, dh: ndarray) -> tuple["Bidirectional", ndarray, list]:
        """Two recursions in opposite directions, summed at the inputs (`eq-deep-both`).

        Parameters
        ----------
        tape : from `forward`
        dh : (T, N, 2H) gradient of each step's own loss at h; in the padding it counts for nothing

        Returns
        -------
        grads : the gradient of each parameter
        dx : (T, N, D) gradient at the inputs, zero in the padding
        dstates : gradients at the initial states, [rightward, leftward]
        """
        right_tape, left_tape, H, lengths = tape
        if lengths is not None:
            dh = np.where(within(lengths, *dh.shape[:2])[..., None], dh, 0)
        dh_right, dh_left = dh[..., :H], dh[..., H:]
        right, dx_right, d_right = self.rightward.backward(right_tape, dh_right)
        left, dx_left, d_left = self.leftward.backward(left_tape, reverse(dh_left, lengths))
        return Bidirectional(right, left), dx_right + reverse(dx_left, lengths), [d_right, d_left]
