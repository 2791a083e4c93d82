"""What the fast layers share: products in blocks, and the inputs of a step below each other.

A BLAS copies both matrices of a product into an order of its own first. That pays when each number
is used often, but a step of a recurrent layer uses a weight only once for each sequence. OpenBLAS,
which NumPy usually brings, has code for processors with AVX-512 that leaves the copies out, and
uses it for products of at most 100³ multiplications. So a larger product with weights that stay in
a core's own cache goes there in blocks of rows. On other processors such blocks only lose.
"""

import numpy as np
from numpy import ndarray
from numpy.typing import DTypeLike

SMALL = 100**3  # multiplications: up to here OpenBLAS copies nothing
CACHE = 2**19  # bytes of weights, half of what such a core has for itself at least
CHUNK = 2**18  # bytes of gates whose slopes are computed at once, to be read again from the cache
AVX512 = "AVX512_SKX" in np.show_config(mode="dicts")["SIMD Extensions"]["found"]


def blocks(W: ndarray, N: int, dtype: DTypeLike) -> ndarray:
    """W (M, K) as (blocks, rows, K), for products with (K, N): what `product` takes."""
    M, K = W.shape
    W = np.ascontiguousarray(W, dtype)
    size = M
    if AVX512 and M * K * N > SMALL and W.nbytes <= CACHE:
        most = SMALL // (K * N)  # rows of a block
        size = max((n for n in range(8, most + 1) if M % n == 0), default=M)
    return W.reshape(M // size, size, K)


def product(W: ndarray, s: ndarray, out: ndarray) -> None:
    """out (M, N) = W s, with W from `blocks` and s (K, N)."""
    if len(W) == 1:
        np.dot(W[0], s, out=out)
    else:
        np.matmul(W, s, out=out.reshape(*W.shape[:2], s.shape[1]))


def blocks_of_columns(W: ndarray, N: int, dtype: DTypeLike) -> ndarray:
    """W (K, M) as (blocks, K, columns), for products (N, K) W: what `product_of_rows` takes."""
    W_b = blocks(W.T, N, dtype).transpose(0, 2, 1)
    copied = len(W_b) == 1 and N * W.size > SMALL  # by BLAS, which prefers one column after another
    return W_b if copied else np.ascontiguousarray(W_b)


def product_of_rows(a: ndarray, W: ndarray, out: ndarray) -> None:
    """out (N, M) = a W, with a (N, K) and W from `blocks_of_columns`."""
    if len(W) == 1:
        np.dot(a, W[0], out=out)
    else:
        columns = out.reshape(len(a), len(W), W.shape[2])
        np.matmul(a, W, out=columns.transpose(1, 0, 2))


def below_each_other(x: ndarray, h_0: ndarray, dtype: DTypeLike) -> ndarray:
    """The steps' inputs (T + 1, H + D + 1, N): h, x and 1; of h, only h_0 is there yet.

    s[t] is what the step that reads x[t] starts from; in s[T] only h, the last state, has a
    meaning.
    """
    (T, N, D), H = x.shape, h_0.shape[1]
    s = np.empty((T + 1, H + D + 1, N), dtype)
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
