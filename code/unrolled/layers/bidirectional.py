"""Two layers that read a sequence in opposite directions, side by side.

    h[t] = (state of one that has read x[1] ... x[t], state of the other after x[T] ... x[t])

The layers are any that keep the contract of `layer_contract.Layer`. Sequences of unequal lengths
lie in one array, each filled up at its end (padding); the second direction starts at each
sequence's own end, not in the padding.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray
from numpy.typing import DTypeLike

from unrolled import checks
from unrolled.layers.layer_contract import check, check_class, check_parts, check_tape


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
    x = checks.array("x", x)
    if x.ndim < (1 if lengths is None else 2):
        raise ValueError(f"x must be (T, N, ...), got {x.shape}")
    if lengths is None:
        return np.ascontiguousarray(x[::-1])
    t, inside = np.arange(len(x))[:, None], within(lengths, *x.shape[:2])
    source = np.where(inside, np.asarray(lengths) - 1 - t, t)  # (T, N), counted from 0
    return x[source, np.arange(x.shape[1])]


def within(lengths: ndarray, T: int, N: int) -> ndarray:
    """(T, N) booleans: True inside the sequences, False in the padding; errors as in `reverse`."""
    checks.whole(T=T, N=N)
    lengths = checks.array("lengths", lengths)
    if lengths.shape != (N,) or lengths.dtype.kind not in "iu":
        raise ValueError(f"lengths must be {N} integers, got {lengths.dtype} {lengths.shape}")
    if N and (lengths.min() < 1 or lengths.max() > T):
        raise ValueError(f"lengths must be in 1 ... {T}, got {lengths.min()} ... {lengths.max()}")
    return np.arange(T)[:, None] < lengths


class BidirectionalTape(NamedTuple):
    """What `Bidirectional.backward` needs."""

    rightward: Any  # the two layers' own tapes
    leftward: Any
    shape: tuple[int, int, int]  # of h, (T, N, 2H)
    H: int  # features of the rightward layer
    lengths: ndarray | None


@dataclass
class Bidirectional:
    """Two one-directional layers. Their gradient has the same fields: it is a Bidirectional too."""

    rightward: Any  # reads x[1] first
    leftward: Any  # reads x[T] first; parameters of its own

    @classmethod
    def init(
        cls, kind: Any, D: int, H: int, rng: np.random.Generator, dtype: DTypeLike = float
    ) -> "Bidirectional":
        """Two layers of one kind, H units each: `Bidirectional.init(LSTM, D, H, rng)`."""
        check_class(kind)
        return cls(kind.init(D, H, rng, dtype), kind.init(D, H, rng, dtype))

    def zeros(self, N: int) -> list[Any]:
        """The initial states [rightward, leftward] of N sequences that begin with nothing."""
        checks.whole(N=N)
        return [self.rightward.zeros(N), self.leftward.zeros(N)]

    def forward(
        self, x: ndarray, state: Sequence[Any], lengths: ndarray | None = None
    ) -> tuple[ndarray, list[Any], BidirectionalTape]:
        """Run N sequences in both directions (`eq-deep-leftward`, `eq-deep-output`).

        Parameters
        ----------
        x : (T, N, D) inputs; in the padding any finite numbers
        state : the initial states, [of the rightward layer, of the leftward layer]
        lengths : (N,) integers from 1 to T, by default all T

        Returns
        -------
        h : (T, N, 2H) both layers' states side by side; zero in the padding
        last_state : [rightward, leftward], each layer's state after all T steps that it has read.
            With lengths these include the padding: a sequence's own last states are then
            h[length - 1, n, :H] and h[0, n, H:]
        tape : what `backward` needs

        Raises
        ------
        ValueError : if lengths, number of states or a shape do not fit
        """
        check_parts("state", state, "a list of two, one a direction", 2)
        right, right_last, right_tape = self.rightward.forward(x, state[0])
        left, left_last, left_tape = self.leftward.forward(reverse(x, lengths), state[1])
        h = np.concatenate([right, reverse(left, lengths)], axis=-1)
        if lengths is not None:
            h[~within(lengths, *x.shape[:2])] = 0
        tape = BidirectionalTape(right_tape, left_tape, h.shape, right.shape[2], lengths)
        return h, [right_last, left_last], tape

    def backward(
        self, tape: BidirectionalTape, dh: ndarray, dlast_state: Sequence[Any] | None = None
    ) -> tuple["Bidirectional", ndarray, list[Any]]:
        """Two recursions in opposite directions, summed at the inputs (`eq-deep-both`).

        Parameters
        ----------
        tape : from `forward`; it stays as it was
        dh : (T, N, 2H) gradient of each step's own loss at h; in the padding it counts for nothing
        dlast_state : [rightward, leftward], what comes back to each layer's last state from beyond
            the last step it has read; None, whole or in part, for nothing

        Returns
        -------
        grads : the gradient of each parameter
        dx : (T, N, D) gradient at the inputs; zero in the padding unless dlast_state says otherwise
        dstate : gradients at the initial states, [rightward, leftward]

        Raises
        ------
        ValueError : if dh or dlast_state does not fit
        """
        check_tape(tape, BidirectionalTape)
        check("dh", dh, *tape.shape)
        beyond = [None, None] if dlast_state is None else dlast_state
        check_parts("dlast_state", beyond, "a list of two, one a direction", 2)
        if tape.lengths is not None:
            dh = np.where(within(tape.lengths, *dh.shape[:2])[..., None], dh, 0)
        dh_right, dh_left = dh[..., : tape.H], reverse(dh[..., tape.H :], tape.lengths)
        right, dx, d_right = self.rightward.backward(tape.rightward, dh_right, beyond[0])
        left, dx_left, d_left = self.leftward.backward(tape.leftward, dh_left, beyond[1])
        return Bidirectional(right, left), dx + reverse(dx_left, tape.lengths), [d_right, d_left]
