"""What the fast layers share: products in blocks, and the inputs of a step below each other.

A BLAS copies both matrices of a product into an order of its own first. That pays when each number
is used often, but a step of a recurrent layer uses a weight only once for each sequence. OpenBLAS,
which NumPy usually brings, has code for processors with AVX-512 that leaves the copies out, and
uses it for products of at most 100³ multiplications. So a larger product with weights that stay in
a core's own cache goes there in blocks of rows. On other processors such blocks only lose.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy import ndarray
from numpy.typing import DTypeLike

SMALL = 100**3  # multiplications: up to here OpenBLAS copies nothing
CACHE = 2**19  # bytes of weights, half of what such a core has for itself at least
CHUNK = 2**18  # bytes of gates whose slopes are computed at once, to be read again from the cache
AVX512 = "AVX512_SKX" in np.show_config(mode="dicts")["SIMD Extensions"]["found"]


def product(W: ndarray, N: int, dtype: DTypeLike) -> Callable:
    """f(s, out=…) for out (M, N) = W s, with W (M, K) and s (K, N). Make it once, before a loop."""
    W, (M, K) = np.ascontiguousarray(W, dtype), W.shape
    size = block_size(M, K, N, W.itemsize)
    if size == M:
        return partial(np.dot, W)
    W = W.reshape(M // size, size, K)
    return lambda s, out: np.matmul(W, s, out=out.reshape(M // size, size, N))


def product_of_rows(W: ndarray, N: int, dtype: DTypeLike) -> Callable:
    """f(a, out=…) for out (N, M) = a W, with a (N, K) and W (K, M): as `product`."""
    K, M = W.shape
    size = block_size(M, K, N, np.dtype(dtype).itemsize)
    if size == M:  # if BLAS copies W, it prefers one column after another
        return partial(np.dot, b=np.asarray(W, dtype, order="F" if M * K * N > SMALL else "C"))
    W = np.ascontiguousarray(W.reshape(K, M // size, size).transpose(1, 0, 2), dtype)
    return lambda a, out: np.matmul(a, W, out=out.reshape(N, M // size, size).transpose(1, 0, 2))


def block_size(M: int, K: int, N: int, itemsize: int) -> int:
    """Into how many of its M rows a product (M, K) with (K, N) is best split; M for not at all."""
    if not AVX512 or M * K * N <= SMALL or M * K * itemsize > CACHE:
        return M
    most = SMALL // (K * N)
    return max((n for n in range(8, most + 1) if M % n == 0), default=M)


def below_each_other(x: ndarray, h_0: ndarray, dtype: DTypeLike) -> ndarray:
    """The steps' inputs (T + 1, H + D + 1, N): h, x and 1; of h, only h_0 is there yet.

    s[t] is what the step that reads x[t] starts from; in s[T] only h, the last state, has a
    meaning.
    """
    (T, N, D), H = x.shape, h_0.shape[1]
    s = np.empty((T + 1, H + D + 1, N), dtype)
    s[T, H:] = 0  # there is no input after the last step
    s[0, :H] = h_0.T
    s[:T, H:-1] = x.transpose(0, 2, 1)
    s[:, -1] = 1
    return s


def all_steps(a: ndarray) -> ndarray:
    """(T, features, N) -> (features, T N), a copy: what the products after the loop take."""
    T, features, N = a.shape
    return a.transpose(1, 0, 2).reshape(features, T * N)


def chunks_backward(gates: ndarray) -> list[slice]:
    """Slices of the steps of gates (T, features, N), the last steps first."""
    T, features, N = gates.shape
    size = max(1, CHUNK // max(1, features * N * gates.itemsize))
    return [slice(max(0, stop - size), stop) for stop in range(T, 0, -size)]
