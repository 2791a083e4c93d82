"""A recurrence with fixed factors as a convolution, by the fast Fourier transform.

`convolve` fills the same array as the orders of work in `scan`, where the factors are the same at
every step. `taps` and `filtered` give one output for one input, without making any states.
"""

import numpy as np
from numpy import ndarray

from unrolled.layers.layer_contract import check


def powers(lam: ndarray, T: int) -> ndarray:
    """lam (...) -> its powers 0 to T - 1 (T, ...), as many again in each round."""
    result = np.ones((T, *lam.shape), lam.dtype)
    k = 1
    while k < T:
        more = min(k, T - k)
        result[k : k + more] = result[:more] * (result[k - 1] * lam)
        k += more
    return result


def convolve(s: ndarray, beta: ndarray, gamma: ndarray) -> None:
    """Fill s[1:] with s[t+1] = beta[t] + gamma[t] s[t], gamma the same for all t (`scan.Fill`).

    Raises ValueError if gamma changes from step to step.
    """
    if len(beta) == 0:
        return
    if gamma.strides[0] and not np.array_equal(gamma, np.broadcast_to(gamma[0], gamma.shape)):
        raise ValueError("gamma must be the same at every step")
    same = tuple(slice(None if stride else 1) for stride in gamma.strides[1:])
    kept = powers(gamma[0][same], len(beta))  # broadcast axes once
    L = 2 * len(beta)  # the transform takes the steps as a ring: the second half stays empty
    product = np.fft.fft(kept, L, axis=0) * np.fft.fft(beta, L, axis=0)
    z = np.fft.ifft(product, axis=0)[: len(beta)]
    z += kept * (gamma[0] * s[0])  # what is left of the first state (`eq-space-carry`)
    s[1:] = z if np.iscomplexobj(s) else z.real


def taps(lam: ndarray, b: ndarray, c: ndarray, T: int) -> ndarray:
    """The filter K (T,) of states lam (H,) that b (H,) pushes and c (H,) reads (`eq-space-kernel`).

    Raises ValueError if the shapes differ.
    """
    if lam.ndim != 1 or not lam.shape == b.shape == c.shape:
        raise ValueError(
            f"lam, b and c must be (H,) all three, got {lam.shape}, {b.shape}, {c.shape}"
        )
    return (powers(lam, T) @ (b * c)).real


def filtered(x: ndarray, K: ndarray) -> ndarray:
    """Inputs x (T, N) and a filter K (T,) -> o (T, N), each the sum over K[k] x[t - k]."""
    T, _ = check("x", x, "T", "N")
    check("K", K, T)
    if T == 0:
        return x.copy()
    product = np.fft.rfft(K, 2 * T)[:, None] * np.fft.rfft(x, 2 * T, axis=0)
    return np.fft.irfft(product, 2 * T, axis=0)[:T]
