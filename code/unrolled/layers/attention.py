"""Attention, and its gradient by hand: weighted means of a memory, and where the weights are from.

    e = scores of the queries at the keys        (N, T, S)
    α = softmax of e over the S tokens, without the padding
    c = α M                                      (N, T, D)

N sequences, T queries of size H, S keys of size H, a memory M of S rows of size D for each
sequence. Sequences are the first axis here: `@` multiplies the matrices of each of them. A mask
(N, S) is True on true tokens and False on padding.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy import ndarray
from numpy.typing import DTypeLike

from unrolled.layers.loss import softmax


def weigh(e: ndarray, mask: ndarray) -> ndarray:
    """Scores e (N, T, S) -> weights (N, T, S): softmax over true tokens, exactly 0 on padding.

    Raises ValueError on a mask that is not (N, S) booleans or leaves a sequence without a token.
    """
    N, _, S = e.shape
    if mask.shape != (N, S) or mask.dtype != bool:
        raise ValueError(f"mask must be booleans ({N}, {S}), got {mask.dtype} {mask.shape}")
    if not mask.any(axis=1).all():
        raise ValueError("every sequence needs at least one true token, got a row of False")
    return softmax(np.where(mask[:, None], e, -np.inf))


def weigh_backward(alpha: ndarray, dalpha: ndarray) -> ndarray:
    """Gradient at the scores from that at the weights (`eq-attention-softmax`)."""
    return alpha * (dalpha - (alpha * dalpha).sum(axis=-1, keepdims=True))


@dataclass
class Dot:
    """Scaled dot products as scores (Luong et al. 2015; Vaswani et al. 2017): no parameters."""

    def forward(self, Q: ndarray, K: ndarray, M: ndarray, mask: ndarray) -> tuple[ndarray, tuple]:
        """Q (N, T, H), K (N, S, H), M (N, S, D), mask (N, S) -> contexts (N, T, D), tape."""
        _check(Q, K, M)
        alpha = weigh(Q @ K.transpose(0, 2, 1) / math.sqrt(Q.shape[-1]), mask)
        return alpha @ M, (Q, K, M, alpha)

    def backward(self, tape: tuple, dC: ndarray) -> tuple["Dot", ndarray, ndarray, ndarray]:
        """dC (N, T, D) -> no gradients, dQ, dK, dM (`eq-attention-back-dot`)."""
        Q, K, M, alpha = tape
        dM = alpha.transpose(0, 2, 1) @ dC  # (N, S, D)
        de = weigh_backward(alpha, dC @ M.transpose(0, 2, 1)) / math.sqrt(Q.shape[-1])
        return Dot(), de @ K, de.transpose(0, 2, 1) @ Q, dM


@dataclass
class Additive:
    """Scores by a small network, tanh(q W_q + k W_k) w (Bahdanau et al. 2015)."""

    W_q: ndarray  # (H, A)
    W_k: ndarray  # (H, A)
    w: ndarray  # (A,)

    @classmethod
    def init(cls, H: int, A: int, rng: np.random.Generator, dtype: DTypeLike = float) -> "Additive":
        """Gaussian weights, A units."""
        W_q, W_k = rng.normal(size=(2, H, A)) / np.sqrt(H)
        w = rng.normal(size=A) / np.sqrt(A)
        return cls(W_q.astype(dtype), W_k.astype(dtype), w.astype(dtype))

    def forward(self, Q: ndarray, K: ndarray, M: ndarray, mask: ndarray) -> tuple[ndarray, tuple]:
        """Q (N, T, H), K (N, S, H), M (N, S, D), mask (N, S) -> contexts (N, T, D), tape."""
        _check(Q, K, M)
        g = np.tanh((Q @ self.W_q)[:, :, None] + (K @ self.W_k)[:, None])  # (N, T, S, A)
        alpha = weigh(g @ self.w, mask)
        return alpha @ M, (Q, K, M, alpha, g)

    def backward(self, tape: tuple, dC: ndarray) -> tuple["Additive", ndarray, ndarray, ndarray]:
        """dC (N, T, D) -> gradients, dQ, dK, dM (`eq-attention-back-additive`)."""
        Q, K, M, alpha, g = tape
        dM = alpha.transpose(0, 2, 1) @ dC
        de = weigh_backward(alpha, dC @ M.transpose(0, 2, 1))  # (N, T, S)
        Gamma = de[..., None] * self.w * (1 - g**2)  # (N, T, S, A), at the sum inside the tanh
        by_query, by_key = Gamma.sum(axis=2), Gamma.sum(axis=1)  # (N, T, A), (N, S, A)
        grads = Additive(
            np.tensordot(Q, by_query, ((0, 1), (0, 1))),
            np.tensordot(K, by_key, ((0, 1), (0, 1))),
            np.tensordot(de, g, 3),
        )
        return grads, by_query @ self.W_q.T, by_key @ self.W_k.T, dM


def _check(Q: ndarray, K: ndarray, M: ndarray) -> None:
    fits = Q.ndim == K.ndim == M.ndim == 3 and len(Q) == len(K) and Q.shape[2] == K.shape[2]
    if not fits or K.shape[:2] != M.shape[:2]:
        raise ValueError(
            f"Q, K, M must be (N, T, H), (N, S, H), (N, S, D), got {Q.shape}, {K.shape}, {M.shape}"
        )
