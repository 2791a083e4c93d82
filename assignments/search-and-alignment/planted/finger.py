"""Ways to go through attention, and back."""

# %% Padding gets the score 0
# points: finger 0


def attend(Q, K, M, W, mask):
    e = np.where(mask.T[:, None], score(Q, K, W), 0.0)
    alpha = np.exp(e - e.max(axis=-1, keepdims=True))
    alpha /= alpha.sum(axis=-1, keepdims=True)
    return np.einsum("nts,snd->tnd", alpha, M), alpha


# %% Padding loses its weight after the softmax
# points: finger 0


def attend(Q, K, M, W, mask):
    e = score(Q, K, W)
    alpha = np.exp(e - e.max(axis=-1, keepdims=True))
    alpha /= alpha.sum(axis=-1, keepdims=True)
    alpha = np.where(mask.T[:, None], alpha, 0.0)
    return np.einsum("nts,snd->tnd", alpha, M), alpha


# %% The mask is the wrong way round
# points: finger 0


right_attend = attend


def attend(Q, K, M, W, mask):
    return right_attend(Q, K, M, W, ~mask)


# %% The softmax goes over the steps
# points: finger 0


def attend(Q, K, M, W, mask):
    e = np.where(mask.T[:, None], score(Q, K, W), -np.inf)
    alpha = np.where(mask.T[:, None], np.exp(e - np.where(np.isfinite(e), e, -99).max()), 0.0)
    alpha /= alpha.sum(axis=1, keepdims=True) + 1e-300
    return np.einsum("nts,snd->tnd", alpha, M), alpha


# %% The root is missing in the score
# points: finger 1


right_score = score
right_score_backward = score_backward


def score(Q, K, W):
    return right_score(Q, K, W) * np.sqrt(Q.shape[2])


def score_backward(Q, K, W, de):
    return right_score_backward(Q, K, W, de * np.sqrt(Q.shape[2]))


# %% The softmax's way back without the mean of the row
# points: finger 2


def attend_backward(Q, K, M, W, mask, dC):
    _, alpha = attend(Q, K, M, W, mask)
    dM = np.einsum("nts,tnd->snd", alpha, dC)
    dQ, dK, dW = score_backward(Q, K, W, alpha * np.einsum("tnd,snd->nts", dC, M))
    return dQ, dK, dM, dW


# %% The root is missing on the way back
# points: finger 2


right_score_backward = score_backward


def score_backward(Q, K, W, de):
    return right_score_backward(Q, K, W, de * np.sqrt(Q.shape[2]))


# %% The gradient of W is that of the first sentence
# points: finger 2


right_score_backward = score_backward


def score_backward(Q, K, W, de):
    dQ, dK, _ = right_score_backward(Q, K, W, de)
    return dQ, dK, right_score_backward(Q[:, :1], K[:, :1], W, de[:1])[2]


# %% The keys get no gradient
# points: finger 2


right_backward = attend_backward


def attend_backward(Q, K, M, W, mask, dC):
    dQ, dK, dM, dW = right_backward(Q, K, M, W, mask, dC)
    return dQ, np.zeros_like(dK), dM, dW


# %% The gradient of W is a mean over the sentences
# points: finger 2


right_backward = attend_backward


def attend_backward(Q, K, M, W, mask, dC):
    dQ, dK, dM, dW = right_backward(Q, K, M, W, mask, dC)
    return dQ, dK, dM, dW / Q.shape[1]


# %% The gradients in the order dQ, dK, dW, dM
# points: finger 1


right_backward = attend_backward


def attend_backward(Q, K, M, W, mask, dC):
    dQ, dK, dM, dW = right_backward(Q, K, M, W, mask, dC)
    return dQ, dK, dW, dM


# %% Right: sentence by sentence and query by query, with the softmax's matrix of derivatives
# points: all


def attend(Q, K, M, W, mask):
    (T, N, _), S = Q.shape, len(K)
    C, alpha = np.zeros((T, N, M.shape[2])), np.zeros((N, T, S))
    for n in range(N):
        true = np.flatnonzero(mask[:, n])
        e = score(Q[:, n : n + 1], K[true, n : n + 1], W)[0]
        for t in range(T):
            weights = np.exp(e[t] - e[t].max())
            alpha[n, t, true] = weights / weights.sum()
            C[t, n] = alpha[n, t, true] @ M[true, n]
    return C, alpha


def attend_backward(Q, K, M, W, mask, dC):
    alpha = attend(Q, K, M, W, mask)[1]
    dQ, dK, dM, dW = (np.zeros_like(a) for a in (Q, K, M, W))
    for n in range(Q.shape[1]):
        de = np.zeros_like(alpha[n])
        for t in range(len(Q)):
            a = alpha[n, t]
            de[t] = (np.diag(a) - np.outer(a, a)) @ (M[:, n] @ dC[t, n])
            dM[:, n] += np.outer(a, dC[t, n])
        dq, dk, dw = score_backward(Q[:, n : n + 1], K[:, n : n + 1], W, de[None])
        dQ[:, n], dK[:, n] = dq[:, 0], dk[:, 0]
        dW += dw
    return dQ, dK, dM, dW


# %% Equal weights, and zeros for gradients
# points: finger 0


def attend(Q, K, M, W, mask):
    alpha = (mask / mask.sum(axis=0)).T[:, None] * np.ones((len(Q), 1))
    return np.zeros((len(Q), *M.shape[1:])), alpha


def attend_backward(Q, K, M, W, mask, dC):
    return 0 * Q, 0 * K, 0 * M, 0 * W
