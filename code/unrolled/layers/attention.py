"""Attention, and its gradient by hand: weighted means of a memory, and where the weights are from.

    e = scores of the queries at the keys        (N, T, S)
    α = softmax of e over the S tokens, without the padding
    c = α M                                      (T, N, D)

N sequences, T queries of size H, S keys of size H, a memory M of S rows of size D for each
sequence. Time is the first axis of what goes in and comes out: Q (T, N, H), K (S, N, H),
M (S, N, D), and a mask (S, N) that is True on true tokens and False on padding. Scores and weights
are the matrices of the formulas, T x S, one for each sequence: (N, T, S).
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy import ndarray
from numpy.typing import DTypeLike

from unrolled import checks
from unrolled.layers.layer_contract import check, check_init, check_tape
from unrolled.layers.loss import softmax


def weigh(e: ndarray, mask: ndarray) -> ndarray:
    """Scores e (N, T, S) -> weights (N, T, S): softmax over true tokens, exactly 0 on padding.

    Raises ValueError on a mask that is not (S, N) booleans or leaves a sequence without a token.
    """
    N, _, S = check("e", e, "N", "T", "S")
    mask = checks.array("mask", mask)
    if mask.shape != (S, N) or mask.dtype != bool:
        raise ValueError(f"mask must be booleans ({S}, {N}), got {mask.dtype} {mask.shape}")
    if not mask.any(axis=0).all():
        raise ValueError("mask must leave every sequence a true token, got a column of False")
    return softmax(np.where(mask.T[:, None], e, -np.inf))


def weigh_backward(alpha: ndarray, dalpha: ndarray) -> ndarray:
    """Gradient at the scores from that at the weights (`eq-attention-softmax`)."""
    return alpha * (dalpha - (alpha * dalpha).sum(axis=-1, keepdims=True))


def swap(a: ndarray) -> ndarray:
    """Time first <-> sequences first, so that `@` multiplies the matrices of each sequence."""
    return np.swapaxes(a, 0, 1)


class DotTape(NamedTuple):
    """What `Dot.backward` needs."""

    Q: ndarray  # (T, N, H)
    K: ndarray  # (S, N, H)
    M: ndarray  # (S, N, D)
    alpha: ndarray  # (N, T, S)


@dataclass
class Dot:
    """Dot products (Luong et al. 2015), scaled (Vaswani et al. 2017), as scores: no parameters."""

    def forward(self, Q: ndarray, K: ndarray, M: ndarray, mask: ndarray) -> tuple[ndarray, DotTape]:
        """Q (T, N, H), K (S, N, H), M (S, N, D), mask (S, N) -> contexts (T, N, D), tape."""
        check_attention(Q, K, M)
        e = swap(Q) @ K.transpose(1, 2, 0) / math.sqrt(Q.shape[2])  # (N, T, H) @ (N, H, S)
        alpha = weigh(e, mask)
        return swap(alpha @ swap(M)), DotTape(Q, K, M, alpha)

    def backward(self, tape: DotTape, dC: ndarray) -> tuple["Dot", ndarray, ndarray, ndarray]:
        """dC (T, N, D) -> no gradients, dQ, dK, dM (`eq-attention-back-dot`)."""
        check_tape(tape, DotTape)
        Q, K, M, alpha = tape
        dalpha, dM = mean_backward(alpha, M, dC)
        de = weigh_backward(alpha, dalpha) / math.sqrt(Q.shape[2])
        dQ, dK = de @ swap(K), de.transpose(0, 2, 1) @ swap(Q)  # (N, T, H), (N, S, H)
        return Dot(), swap(dQ), swap(dK), dM


class AdditiveTape(NamedTuple):
    """What `Additive.backward` needs."""

    Q: ndarray  # (T, N, H)
    K: ndarray  # (S, N, H)
    M: ndarray  # (S, N, D)
    alpha: ndarray  # (N, T, S)
    g: ndarray  # (N, T, S, A)


@dataclass
class Additive:
    """Scores by a small network, tanh(q W_q + k W_k) w (Bahdanau et al. 2015)."""

    W_q: ndarray  # (H, A)
    W_k: ndarray  # (H, A)
    w: ndarray  # (A,)

    @classmethod
    def init(cls, H: int, A: int, rng: np.random.Generator, dtype: DTypeLike = float) -> "Additive":
        """Gaussian weights, A units."""
        check_init(rng, dtype, H=H, A=A)
        W_q, W_k = rng.normal(size=(2, H, A)) / np.sqrt(H)
        w = rng.normal(size=A) / np.sqrt(A)
        return cls(W_q.astype(dtype), W_k.astype(dtype), w.astype(dtype))

    def forward(
        self, Q: ndarray, K: ndarray, M: ndarray, mask: ndarray
    ) -> tuple[ndarray, AdditiveTape]:
        """Q (T, N, H), K (S, N, H), M (S, N, D), mask (S, N) -> contexts (T, N, D), tape."""
        check_attention(Q, K, M)
        check("Q", Q, "T", "N", len(self.W_q))
        q, k = swap(Q @ self.W_q), swap(K @ self.W_k)  # (N, T, A), (N, S, A)
        g = np.tanh(q[:, :, None] + k[:, None])  # (N, T, S, A)
        alpha = weigh(g @ self.w, mask)
        return swap(alpha @ swap(M)), AdditiveTape(Q, K, M, alpha, g)

    def backward(
        self, tape: AdditiveTape, dC: ndarray
    ) -> tuple["Additive", ndarray, ndarray, ndarray]:
        """dC (T, N, D) -> gradients, dQ, dK, dM (`eq-attention-back-additive`)."""
        check_tape(tape, AdditiveTape)
        Q, K, M, alpha, g = tape
        dalpha, dM = mean_backward(alpha, M, dC)
        de = weigh_backward(alpha, dalpha)  # (N, T, S)
        Gamma = de[..., None] * self.w * (1 - g**2)  # (N, T, S, A), at the sum inside the tanh
        by_query, by_key = swap(Gamma.sum(axis=2)), swap(Gamma.sum(axis=1))  # (T, N, A), (S, N, A)
        grads = Additive(
            np.tensordot(Q, by_query, ((0, 1), (0, 1))),
            np.tensordot(K, by_key, ((0, 1), (0, 1))),
            np.tensordot(de, g, 3),
        )
        return grads, by_query @ self.W_q.T, by_key @ self.W_k.T, dM


def mean_backward(alpha: ndarray, M: ndarray, dC: ndarray) -> tuple[ndarray, ndarray]:
    """dC (T, N, D) -> gradients at the weights (N, T, S) and at M (`eq-attention-back-mean`)."""
    N, T, _ = alpha.shape
    check("dC", dC, T, N, M.shape[2])
    dC = swap(dC.astype(alpha.dtype, copy=False))  # (N, T, D)
    return dC @ M.transpose(1, 2, 0), swap(alpha.transpose(0, 2, 1) @ dC)


def check_attention(Q: ndarray, K: ndarray, M: ndarray) -> None:
    """ValueError unless Q, K and M are floats of shapes that fit each other."""
    _, N, H = check("Q", Q, "T", "N", "H")
    S, _, _ = check("K", K, "S", N, H)
    check("M", M, S, N, "D")
