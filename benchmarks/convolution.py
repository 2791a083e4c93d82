"""How fast is the convolution? One training step against torch's conv1d, and four other ways.

    python benchmarks/convolution.py

A step is a forward and a backward pass in float32, causal, that ends in the gradients of the
weights, the biases and the inputs. Each side has the arrays in its own order: torch sequences
first and time last, the others time first.

On two threads BLAS wakes its second thread for each of conv.py's many products and waits for it
without sleeping, which costs more than it gains, and far more where the cores are busy.
"""

from collections.abc import Callable

import numpy as np
import torch
from contest import judged, rounds, run
from numpy import ndarray
from numpy.lib.stride_tricks import sliding_window_view

from unrolled.layers.conv import Conv
from unrolled.layers.gradients import relative_error

# (T, N, C, F): seconds to spend; the ratio to torch's conv1d to reach, by the number of threads
SIZES = {
    (512, 64, 128, 5): (10, {1: 0.95, 2: 1.10}),
    (512, 64, 32, 3): (3, {}),
    (4096, 1, 128, 5): (3, {}),
}
FEW = 4  # steps that the naive loops, too slow for more, have to do


def loops(x: ndarray, W: ndarray, b: ndarray) -> ndarray:
    """Forward as the index form has it, a number at a time; x (T + F - 1, N, C) is padded."""
    F, D, H = W.shape
    T, N, _ = x.shape
    y = np.empty((T - F + 1, N, H), x.dtype)
    for t, n, j in np.ndindex(y.shape):
        total = b[j]
        for k in range(F):
            for i in range(D):
                total += x[t + k, n, i] * W[k, i, j]
        y[t, n, j] = total
    return y


def padded(x: ndarray, F: int) -> ndarray:
    """x (T, N, C) behind F - 1 zeros."""
    wide = np.zeros((F - 1 + len(x), *x.shape[1:]), x.dtype)
    wide[F - 1 :] = x
    return wide


def windows(x: ndarray, W: ndarray, b: ndarray, dy: ndarray) -> tuple[ndarray, ...]:
    """Windows as a view (T, N, C, F), and NumPy's tensordot, which copies them."""
    T, F = len(x), len(W)
    view = sliding_window_view(padded(x, F), F, axis=0)
    y = np.tensordot(view, W, axes=((3, 2), (0, 1))) + b
    dW = np.tensordot(view, dy, axes=((0, 1), (0, 1))).transpose(1, 0, 2)  # (C, F, H) -> W's
    late = np.zeros((T + F - 1, *dy.shape[1:]), dy.dtype)
    late[:T] = dy
    view = sliding_window_view(late, F, axis=0)
    return y, dW, np.tensordot(view, W[::-1], axes=((3, 2), (0, 2)))


def columns(x: ndarray, W: ndarray, b: ndarray, dy: ndarray) -> tuple[ndarray, ...]:
    """im2col: all windows copied side by side, one product; back, summed where they overlap."""
    F, C, H = W.shape
    T, N, _ = x.shape
    wide = padded(x, F)
    rows = np.stack([wide[k : k + T] for k in range(F)], axis=2).reshape(T * N, F * C)
    dy_rows = dy.reshape(T * N, H)
    y = rows @ W.reshape(F * C, H) + b
    dW = rows.T @ dy_rows
    spread = (dy_rows @ W.reshape(F * C, H).T).reshape(T, N, F, C)
    dwide = np.zeros_like(wide)
    for k in range(F):
        dwide[k : k + T] += spread[:, :, k]
    return y.reshape(dy.shape), dW.reshape(W.shape), dwide[F - 1 :]


def shifted(x: ndarray, W: ndarray, b: ndarray, dy: ndarray) -> tuple[ndarray, ...]:
    """A product for each tap, as in `unrolled.layers.conv`, but over all steps in one go."""
    F, C, H = W.shape
    T, N, _ = x.shape
    wide = padded(x, F)
    y, dW, dwide = np.empty_like(dy), np.empty_like(W), np.zeros_like(wide)
    y[:] = b
    dy_rows = dy.reshape(T * N, H)
    for k in range(F):
        x_rows = wide[k : k + T].reshape(T * N, C)
        y += (x_rows @ W[k]).reshape(y.shape)
        dW[k] = x_rows.T @ dy_rows
        dwide[k : k + T] += (dy_rows @ W[k].T).reshape(x.shape)
    return y, dW, dwide[F - 1 :]


def contestants(T: int, N: int, C: int, F: int) -> dict[str, Callable]:
    """The same step by everybody: the same numbers, checked."""
    rng = np.random.default_rng(0)
    layer = Conv.init(C, C, F, rng, np.float32)
    x, dy = (rng.normal(size=(T, N, C)).astype(np.float32) for _ in range(2))
    x_t, dy_t = (torch.tensor(a.transpose(1, 2, 0).copy()) for a in (x, dy))
    W, b = torch.tensor(layer.W.transpose(2, 1, 0).copy()), torch.tensor(layer.b)
    for leaf in (x_t, W, b):
        leaf.requires_grad_()

    def ours():
        y, tape = layer.forward(x, padding="causal")
        grads, dx = layer.backward(tape, dy)
        return y, grads.W, dx

    def theirs(outputs: Callable):
        x_t.grad = W.grad = b.grad = None
        y = outputs()
        y.backward(dy_t)
        y, dx = (a.numpy().transpose(2, 0, 1) for a in (y.detach(), x_t.grad))
        return y, W.grad.numpy().transpose(2, 1, 0), dx

    conv1d = torch.nn.functional.conv1d
    steps = {
        "conv.py": ours,
        "conv1d, end cut off": lambda: theirs(lambda: conv1d(x_t, W, b, padding=F - 1)[..., :T]),
        "conv1d, zeros put before": lambda: theirs(
            lambda: conv1d(torch.nn.functional.pad(x_t, (F - 1, 0)), W, b)
        ),
    }
    for way in (shifted, columns, windows):
        steps[way.__name__] = lambda way=way: (
            *way(x, layer.W, layer.b, dy),
            np.ones(T * N, np.float32) @ dy.reshape(T * N, C),
        )[:3]
    for name, step in steps.items():
        for a, b_ in zip(step(), ours(), strict=True):
            assert relative_error(a, b_) < 1e-4, name
    few = padded(x[:FEW, :1], F)
    assert relative_error(loops(few, layer.W, layer.b), ours()[0][:FEW, :1]) < 1e-4
    steps["conv.py, forward"] = lambda: layer.forward(x, padding="causal")
    steps["loops, forward"] = lambda: loops(few, layer.W, layer.b)
    return steps


def measure(threads: int, clock: Callable) -> None:
    """A table for each size: medians, and ratios to the faster of torch's two ways."""
    for size, (seconds, targets) in SIZES.items():
        T, N, *_ = size
        t = rounds(contestants(*size), seconds / threads, clock)
        t["loops, forward"] *= T * N / FEW  # they did only so many steps of one sequence
        cut, before = (t[name] for name in ("conv1d, end cut off", "conv1d, zeros put before"))
        faster = cut if np.median(cut) < np.median(before) else before
        print("\nT, N, C, F = {}, {}, {}, {}: milliseconds, ratio to torch".format(*size))
        for name, times in t.items():
            target = targets.get(threads) if name == "conv.py" else None
            ratio = judged(np.median(times / faster), target)
            print(f"{name:>26} {1e3 * np.median(times):10.1f}   {ratio}", flush=True)


if __name__ == "__main__":
    run(measure, __file__, threads=(1, 2))
