"""Ways to slide a card over pieces."""

# %% Zeros at both ends, so that half of the card lies in the future
# points: causal 0


def causal(x, past, W, b, d):
    T, half = len(x), (len(W) - 1) * d // 2
    zeros = np.zeros((half, *x.shape[1:]), x.dtype)
    wide = np.concatenate([zeros, x, zeros, zeros[:1]])
    y = b + sum(wide[k * d : k * d + T] @ W[k] for k in range(len(W)))
    return y, np.concatenate([past, x])[T:]


# %% The card turned round: its first tap lies on the present step
# points: causal 0


def causal(x, past, W, b, d):
    T, wide = len(x), np.concatenate([past, x])
    y = b + sum(wide[k * d : k * d + T] @ W[len(W) - 1 - k] for k in range(len(W)))
    return y, wide[T:]


# %% Taps side by side: the dilation is forgotten
# points: causal 0


def causal(x, past, W, b, d):
    T, wide = len(x), np.concatenate([past, x])
    start = len(past) - (len(W) - 1)
    y = b + sum(wide[start + k : start + k + T] @ W[k] for k in range(len(W)))
    return y, wide[T:]


# %% The bias is added once for each tap
# points: causal 0


def causal(x, past, W, b, d):
    T, wide = len(x), np.concatenate([past, x])
    return sum(b + wide[k * d : k * d + T] @ W[k] for k in range(len(W))), wide[T:]


# %% Each piece begins with zeros
# points: causal 2


def causal(x, past, W, b, d):
    T, wide = len(x), np.concatenate([0 * past, x])
    y = b + sum(wide[k * d : k * d + T] @ W[k] for k in range(len(W)))
    return y, np.concatenate([past, x])[T:]


# %% The new past is cut from the piece alone, which may be too short
# points: causal 2


def causal(x, past, W, b, d):
    T, wide = len(x), np.concatenate([past, x])
    y = b + sum(wide[k * d : k * d + T] @ W[k] for k in range(len(W)))
    return y, x[max(0, T - len(past)) :]


# %% Counted from the end: with a single tap the past is everything
# points: causal 2


def causal(x, past, W, b, d):
    T, wide = len(x), np.concatenate([past, x])
    y = b + sum(wide[k * d : k * d + T] @ W[k] for k in range(len(W)))
    return y, wide[-(len(W) - 1) * d :]


# %% The new past has the newest step first
# points: causal 2


def causal(x, past, W, b, d):
    T, wide = len(x), np.concatenate([past, x])
    y = b + sum(wide[k * d : k * d + T] @ W[k] for k in range(len(W)))
    return y, wide[T:][::-1]


# %% The past comes back as it was
# points: causal 2


def causal(x, past, W, b, d):
    T, wide = len(x), np.concatenate([past, x])
    return b + sum(wide[k * d : k * d + T] @ W[k] for k in range(len(W))), past


# %% Float32 becomes float64
# points: causal 2


def causal(x, past, W, b, d):
    T, wide = len(x), np.concatenate([past, x])
    y = np.zeros((T, x.shape[1], W.shape[2])) + b
    for k in range(len(W)):
        y += wide[k * d : k * d + T] @ W[k]
    return y, wide[T:]


# %% One sequence only
# points: causal 0


def causal(x, past, W, b, d):
    T, wide = len(x), np.concatenate([past, x])[:, :1]
    return b + sum(wide[k * d : k * d + T] @ W[k] for k in range(len(W))), wide[T:]


# %% Sequences first, time second, as in Keras
# points: causal 0


def causal(x, past, W, b, d):
    T, wide = x.shape[1], np.concatenate([np.swapaxes(past, 0, 1), x], axis=1)
    y = b + sum(wide[:, k * d : k * d + T] @ W[k] for k in range(len(W)))
    return y, np.swapaxes(wide[:, T:], 0, 1)


# %% Right: loops over steps and taps
# points: all


def causal(x, past, W, b, d):
    (T, N, D), (F, _, H) = x.shape, W.shape
    back = list(past) + list(x)
    y = np.empty((T, N, H), x.dtype)
    for t in range(T):
        now = t + (F - 1) * d
        y[t] = b
        for k in range(F):
            y[t] += back[now - (F - 1 - k) * d] @ W[k]
    new = back[len(back) - (F - 1) * d :]
    return y, np.array(new, x.dtype).reshape((F - 1) * d, N, D)
