"""Ways back through a causal layer."""

# %% A weight gets its share from the last step only
# points: back 0


def causal_back(x, past, W, d, dy, dnew):
    T, wide = len(x), np.concatenate([past, x])
    dwide, dW = np.zeros_like(wide), np.zeros_like(W)
    for k in range(len(W)):
        dwide[k * d : k * d + T] += dy @ W[k].T
        dW[k] = wide[k * d + T - 1].T @ dy[-1]
    dwide[T:] += dnew
    return dwide[len(past) :], dwide[: len(past)], dW, dy.sum(axis=(0, 1))


# %% A reading gets its share from the present step only
# points: back 0


def causal_back(x, past, W, d, dy, dnew):
    T, wide = len(x), np.concatenate([past, x])
    dwide, dW = np.zeros_like(wide), np.zeros_like(W)
    for k in range(len(W)):
        dwide[k * d : k * d + T] = dy @ W[k].T
        dW[k] = np.einsum("tnd,tnh->dh", wide[k * d : k * d + T], dy)
    dwide[T:] += dnew
    return dwide[len(past) :], dwide[: len(past)], dW, dy.sum(axis=(0, 1))


# %% The bias gets its share from each sequence by itself
# points: back 0


def causal_back(x, past, W, d, dy, dnew):
    T, wide = len(x), np.concatenate([past, x])
    dwide, dW = np.zeros_like(wide), np.zeros_like(W)
    for k in range(len(W)):
        dwide[k * d : k * d + T] += dy @ W[k].T
        dW[k] = np.einsum("tnd,tnh->dh", wide[k * d : k * d + T], dy)
    dwide[T:] += dnew
    return dwide[len(past) :], dwide[: len(past)], dW, dy.sum(axis=0)


# %% Means over the sequences in place of sums
# points: back 0


def causal_back(x, past, W, d, dy, dnew):
    T, N, _ = x.shape
    wide = np.concatenate([past, x])
    dwide, dW = np.zeros_like(wide), np.zeros_like(W)
    for k in range(len(W)):
        dwide[k * d : k * d + T] += dy @ W[k].T
        dW[k] = np.einsum("tnd,tnh->dh", wide[k * d : k * d + T], dy) / N
    dwide[T:] += dnew
    return dwide[len(past) :], dwide[: len(past)], dW, dy.sum(axis=(0, 1)) / N


# %% The matrix is not transposed
# points: back 0


def causal_back(x, past, W, d, dy, dnew):
    T, wide = len(x), np.concatenate([past, x])
    dwide, dW = np.zeros_like(wide), np.zeros_like(W)
    for k in range(len(W)):
        dwide[k * d : k * d + T] += dy @ W[k]
        dW[k] = np.einsum("tnd,tnh->dh", wide[k * d : k * d + T], dy)
    dwide[T:] += dnew
    return dwide[len(past) :], dwide[: len(past)], dW, dy.sum(axis=(0, 1))


# %% The taps are turned round on the way back
# points: back 0


def causal_back(x, past, W, d, dy, dnew):
    T, wide = len(x), np.concatenate([past, x])
    dwide, dW = np.zeros_like(wide), np.zeros_like(W)
    for k in range(len(W)):
        dwide[k * d : k * d + T] += dy @ W[len(W) - 1 - k].T
        dW[k] = np.einsum("tnd,tnh->dh", wide[k * d : k * d + T], dy)
    dwide[T:] += dnew
    return dwide[len(past) :], dwide[: len(past)], dW, dy.sum(axis=(0, 1))


# %% Nothing goes back to the past
# points: back 0


def causal_back(x, past, W, d, dy, dnew):
    T, wide = len(x), np.concatenate([past, x])
    dwide, dW = np.zeros_like(wide), np.zeros_like(W)
    for k in range(len(W)):
        dwide[k * d : k * d + T] += dy @ W[k].T
        dW[k] = np.einsum("tnd,tnh->dh", wide[k * d : k * d + T], dy)
    dwide[T:] += dnew
    return dwide[len(past) :], 0 * past, dW, dy.sum(axis=(0, 1))


# %% What comes back from the next piece is dropped
# points: back 4


def causal_back(x, past, W, d, dy, dnew):
    T, wide = len(x), np.concatenate([past, x])
    dwide, dW = np.zeros_like(wide), np.zeros_like(W)
    for k in range(len(W)):
        dwide[k * d : k * d + T] += dy @ W[k].T
        dW[k] = np.einsum("tnd,tnh->dh", wide[k * d : k * d + T], dy)
    return dwide[len(past) :], dwide[: len(past)], dW, dy.sum(axis=(0, 1))


# %% What comes back goes to the piece, never through it to the past
# points: back 4


def causal_back(x, past, W, d, dy, dnew):
    T, wide = len(x), np.concatenate([past, x])
    dwide, dW = np.zeros_like(wide), np.zeros_like(W)
    for k in range(len(W)):
        dwide[k * d : k * d + T] += dy @ W[k].T
        dW[k] = np.einsum("tnd,tnh->dh", wide[k * d : k * d + T], dy)
    dx = dwide[len(past) :]
    n = min(T, len(past))
    dx[T - n :] += dnew[len(past) - n :]
    return dx, dwide[: len(past)], dW, dy.sum(axis=(0, 1))


# %% What comes back is added to the past
# points: back 4


def causal_back(x, past, W, d, dy, dnew):
    T, wide = len(x), np.concatenate([past, x])
    dwide, dW = np.zeros_like(wide), np.zeros_like(W)
    for k in range(len(W)):
        dwide[k * d : k * d + T] += dy @ W[k].T
        dW[k] = np.einsum("tnd,tnh->dh", wide[k * d : k * d + T], dy)
    return dwide[len(past) :], dwide[: len(past)] + dnew, dW, dy.sum(axis=(0, 1))


# %% Float32 becomes float64
# points: back 3


def causal_back(x, past, W, d, dy, dnew):
    T, wide = len(x), np.concatenate([past, x])
    dwide, dW = np.zeros(wide.shape), np.zeros(W.shape)
    for k in range(len(W)):
        dwide[k * d : k * d + T] += dy @ W[k].T
        dW[k] = np.einsum("tnd,tnh->dh", wide[k * d : k * d + T], dy)
    dwide[T:] += dnew
    return dwide[len(past) :], dwide[: len(past)], dW, dy.sum(axis=(0, 1))


# %% Right: loops over steps and taps, as in the chapter
# points: all


def causal_back(x, past, W, d, dy, dnew):
    P, T = len(past), len(x)
    dx, dpast, dW = np.zeros_like(x), np.zeros_like(past), np.zeros_like(W)
    db = np.zeros(W.shape[2], W.dtype)

    def place(s):
        return (x, dx, s - P) if s >= P else (past, dpast, s)

    for s in range(P):
        _, gradient, at = place(T + s)
        gradient[at] += dnew[s]
    for t in range(T):
        db += dy[t].sum(axis=0)
        for k in range(len(W)):
            values, gradient, at = place(t + k * d)
            dW[k] += values[at].T @ dy[t]
            gradient[at] += dy[t] @ W[k].T
    return dx, dpast, dW, db
