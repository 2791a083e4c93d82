"""The one-dimensional convolution, and its gradient by hand.

    y[t] = b + sum over k of x[S t + d k - P] W[k]        (inputs beyond either end are 0)

One product of matrices for each of the filter's F taps, all steps at once: the inputs, shifted by
d k steps, times W[k]. Time is the first axis, so a shift is a slice of one piece of memory. The
steps are worked off in blocks that stay in a core's own cache from one tap to the next.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy import ndarray
from numpy.typing import DTypeLike

ROWS = 512  # of one block's product: at 128 features of 4 bytes, a quarter of a megabyte


@dataclass
class Conv:
    """The layer's parameters. Their gradient has the same fields: it is a Conv too."""

    W: ndarray  # (F, D, H): W[k] weighs the input d k steps after a window's first
    b: ndarray  # (H,)

    @classmethod
    def init(
        cls, D: int, H: int, F: int, rng: np.random.Generator, dtype: DTypeLike = float
    ) -> "Conv":
        """Gaussian weights that keep the inputs' variance, and no bias."""
        W = rng.normal(size=(F, D, H)) / np.sqrt(F * D)
        return cls(W.astype(dtype), np.zeros(H, dtype))

    def forward(
        self, x: ndarray, stride: int = 1, padding: int | str = 0, dilation: int = 1
    ) -> tuple[ndarray, tuple]:
        """Slide H filters of F taps over N sequences of T steps.

        Parameters
        ----------
        x : (T, N, D) inputs
        stride : S, steps from one window to the next
        padding : P, zeros put before the first step and after the last; or "causal", (F - 1) d
            zeros before the first only, with which y[t] sees nothing later than x[t S]
        dilation : d, steps from one tap to the next

        Returns
        -------
        y : (T', N, H), of the length that `output_length` says
        tape : what `backward` needs

        Raises
        ------
        ValueError : if x has another shape, or no window fits into it
        """
        F, D, H = self.W.shape
        if x.ndim != 3 or x.shape[2] != D:
            raise ValueError(f"x must be (T, N, {D}), got {x.shape}")
        before, after = zeros(padding, F, dilation)
        T, N, _ = x.shape
        padded = np.zeros((before + T + after, N, D), x.dtype)
        padded[before : before + T] = x
        steps = output_length(len(padded), F, stride, dilation=dilation)
        y = np.empty((steps, N, H), np.result_type(x, self.W))
        for outputs, taps in blocks(steps, N, F, stride, dilation):
            y_rows = y[outputs].reshape(-1, H)  # (block N, H), no copy
            y_rows[:] = self.b
            for W_k, inputs in zip(self.W, taps, strict=True):
                y_rows += padded[inputs].reshape(-1, D) @ W_k
        return y, (padded, slice(before, before + T), stride, dilation)

    def backward(self, tape: tuple, dy: ndarray) -> tuple["Conv", ndarray]:
        """The way back (`eq-conv-grad-weights`, `eq-conv-grad-inputs`).

        Parameters
        ----------
        tape : from `forward`; it stays as it was
        dy : (T', N, H) ∂L/∂y

        Returns
        -------
        grads : the gradient of each parameter
        dx : (T, N, D) gradient at the inputs

        Raises
        ------
        ValueError : if dy has not the outputs' shape
        """
        padded, inside, stride, dilation = tape
        F, D, H = self.W.shape
        N = padded.shape[1]
        steps = output_length(len(padded), F, stride, dilation=dilation)
        if dy.shape != (steps, N, H):
            raise ValueError(f"dy must be {(steps, N, H)}, got {dy.shape}")
        dpadded, dW = np.zeros_like(padded, dy.dtype), np.zeros_like(self.W)
        W_T = np.ascontiguousarray(self.W.transpose(0, 2, 1))  # (F, H, D)
        for outputs, taps in blocks(steps, N, F, stride, dilation):
            dy_rows = dy[outputs].reshape(-1, H)
            for k, inputs in enumerate(taps):
                dW[k] += padded[inputs].reshape(-1, D).T @ dy_rows
                dpadded[inputs] += (dy_rows @ W_T[k]).reshape(-1, N, D)
        db = np.ones(steps * N, dy.dtype) @ dy.reshape(-1, H)  # the bias's input is always 1
        return Conv(dW, db), dpadded[inside]


def output_length(
    T: int, F: int, stride: int = 1, padding: int | str = 0, dilation: int = 1
) -> int:
    """How many windows of F taps find room in T steps (`eq-conv-length`).

    Raises ValueError where none does, or where a number is out of range.
    """
    if min(F, stride, dilation) < 1:
        raise ValueError(f"taps, stride and dilation must be ≥ 1, got {F}, {stride}, {dilation}")
    room = T + sum(zeros(padding, F, dilation)) - (F - 1) * dilation  # places for the first tap
    if room < 1:
        raise ValueError(f"{F} taps {dilation} apart do not fit into {T} steps, padding {padding}")
    return (room - 1) // stride + 1


def receptive_field(layers: Iterable[tuple[int, int, int]]) -> int:
    """Steps of the input that one output of stacked layers sees (`eq-conv-field`).

    Each layer, the first to read the input first, is (taps, stride, dilation); pooling counts.
    """
    field, apart = 1, 1  # apart: steps of the input between neighbours at this depth
    for F, stride, dilation in layers:
        field += (F - 1) * dilation * apart
        apart *= stride
    return field


def zeros(padding: int | str, F: int, dilation: int) -> tuple[int, int]:
    """Zeros before the first step and after the last; ValueError if it is not known how many."""
    if padding == "causal":
        return (F - 1) * dilation, 0
    if not isinstance(padding, int | np.integer) or padding < 0:
        raise ValueError(f'padding must be a number ≥ 0 or "causal", got {padding!r}')
    return padding, padding


def blocks(
    steps: int, N: int, F: int, stride: int, dilation: int
) -> Iterator[tuple[slice, list[slice]]]:
    """Slices of the outputs, each with the slices of the padded inputs that its F taps read."""
    size = max(1, ROWS // N)
    for first in range(0, steps, size):
        last = min(first + size, steps) - 1
        taps = range(0, F * dilation, dilation)
        inputs = [slice(first * stride + k, last * stride + k + 1, stride) for k in taps]
        yield slice(first, last + 1), inputs
