"""The one-dimensional convolution, and its gradient by hand.

    y[t] = b + sum over k of x[S t + d k - P] W[k]        (inputs beyond either end are 0)

One product of matrices for each of the filter's F taps, all steps at once: the inputs, shifted by
d k steps, times W[k]. Time is the first axis, so a shift is a slice of one piece of memory. The
steps are worked off in blocks that stay in a core's own cache from one tap to the next. Zeros
beyond the ends are not written anywhere: where a tap would read them, it is left out.

`Conv` sees a whole sequence at once and may change its length, so it has no state: `forward(x)` is
y and a tape. `causal_conv` makes a layer of it that goes on where it stopped.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy import ndarray
from numpy.typing import DTypeLike

from unrolled import checks
from unrolled.layers.layer_contract import check, check_init, check_parts, check_tape

ROWS = 512  # of one block's product: at 128 features of 4 bytes, a quarter of a megabyte


class ConvTape(NamedTuple):
    """What `Conv.backward` needs: the inputs (T, N, D), T', and how the filters slid."""

    x: ndarray
    steps: int
    before: int  # zeros before the first input
    stride: int
    dilation: int


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
        check_init(rng, dtype, D=D, H=H, F=F)
        W = rng.normal(size=(F, D, H)) / np.sqrt(F * D)
        return cls(W.astype(dtype), np.zeros(H, dtype))

    def forward(
        self, x: ndarray, stride: int = 1, padding: int | str = 0, dilation: int = 1
    ) -> tuple[ndarray, ConvTape]:
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
        ValueError : if x has another shape or is not of floats, or no window fits into it
        """
        F, D, H = self.W.shape
        T, N, _ = check("x", x, "T", "N", D)
        before, after = zeros(padding, F, dilation)
        steps = output_length(before + T + after, F, stride, dilation=dilation)
        y = np.empty((steps, N, H), np.result_type(x, self.W))
        y[:] = self.b
        for k, outputs, inputs in pieces(steps, x.shape, F, before, stride, dilation):
            y_rows = y[outputs].reshape(-1, H)  # (steps of the piece times N, H), no copy
            y_rows += x[inputs].reshape(-1, D) @ self.W[k]
        return y, ConvTape(x, steps, before, stride, dilation)

    def backward(self, tape: ConvTape, dy: ndarray) -> tuple["Conv", ndarray]:
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
        ValueError : if dy has not the outputs' shape, or is not of floats
        """
        check_tape(tape, ConvTape)
        x, steps, *sliding = tape
        F, D, H = self.W.shape
        N = x.shape[1]
        check("dy", dy, steps, N, H)
        dy = dy.astype(np.result_type(x, self.W), copy=False)
        dx, dW = np.zeros(x.shape, dy.dtype), np.zeros(self.W.shape, dy.dtype)
        W_T = np.ascontiguousarray(self.W.transpose(0, 2, 1))  # (F, H, D)
        for k, outputs, inputs in pieces(steps, x.shape, F, *sliding):
            dy_rows = dy[outputs].reshape(-1, H)
            dW[k] += x[inputs].reshape(-1, D).T @ dy_rows
            dx[inputs] += (dy_rows @ W_T[k]).reshape(dx[inputs].shape)
        db = np.ones(steps * N, dy.dtype) @ dy.reshape(-1, H)  # the bias's input is always 1
        return Conv(dW, db), dx


def output_length(
    T: int, F: int, stride: int = 1, padding: int | str = 0, dilation: int = 1
) -> int:
    """How many windows of F taps find room in T steps (`eq-conv-length`).

    Raises ValueError where none does, or where a number is out of range.
    """
    check_sliding(F, stride, dilation)
    checks.whole(T=T)
    room = T + sum(zeros(padding, F, dilation)) - (F - 1) * dilation  # places for the first tap
    if room < 1:
        raise ValueError(f"{F} taps {dilation} apart do not fit into {T} steps, padding {padding}")
    return (room - 1) // stride + 1


def receptive_field(layers: Iterable[tuple[int, int, int]]) -> int:
    """Steps of the input that one output of stacked layers sees (`eq-conv-field`).

    Each layer, the first to read the input first, is (taps, stride, dilation); pooling counts.
    """
    checks.kind("a list of (taps, stride, dilation)", list | tuple, layers=layers)
    field, apart = 1, 1  # apart: steps of the input between neighbours at this depth
    for layer in layers:
        check_parts("each of layers", layer, "(taps, stride, dilation)", 3)
        F, stride, dilation = layer
        checks.whole(1, **{"taps in layers": F, "stride in layers": stride})
        checks.whole(1, **{"dilation in layers": dilation})
        field += (F - 1) * dilation * apart
        apart *= stride
    return field


def zeros(padding: int | str, F: int, dilation: int) -> tuple[int, int]:
    """Zeros before the first step and after the last; ValueError if it is not known how many."""
    check_sliding(F, 1, dilation)
    if isinstance(padding, str) and padding == "causal":
        return (F - 1) * dilation, 0
    if not checks.is_whole(padding):
        raise ValueError(f'padding must be a number ≥ 0 or "causal", got {checks.came(padding)}')
    return int(padding), int(padding)


def check_sliding(F: int, stride: int, dilation: int) -> None:
    """ValueError unless all three are whole numbers from 1 on."""
    if not all(checks.is_whole(number, 1) for number in (F, stride, dilation)):
        came = ", ".join(map(checks.came, (F, stride, dilation)))
        raise ValueError(f"F, stride and dilation, whole numbers, must be ≥ 1, got {came}")


def pieces(
    steps: int, shape: tuple[int, ...], F: int, before: int, stride: int, dilation: int
) -> Iterator[tuple[int, slice, slice]]:
    """A tap, a slice of the outputs, and the slice of the inputs (T, N, D) that the tap reads.

    Block by block of the outputs, all taps of each. Where a tap stands on padding there is no
    input to read, and the outputs are left out.
    """
    T, N, _ = shape
    size = max(1, ROWS // max(N, 1))
    for start in range(0, steps, size):
        for k in range(F):
            shift = k * dilation - before  # output t reads input stride t + shift
            first = max(start, -(shift // stride))  # -(a // b) is -a / b rounded up
            last = min(start + size, steps, (T - 1 - shift) // stride + 1) - 1
            if first <= last:
                inputs = slice(first * stride + shift, last * stride + shift + 1, stride)
                yield k, slice(first, last + 1), inputs
