"""Ways to go downhill. `u` is shifted rightly everywhere but where the description says so."""

# %% The largest logit is not subtracted
# points: gradient 3


def loss_and_gradient(W, ids, penalty):
    T, C = len(ids) - 1, pair_counts(ids, len(W))
    e = np.exp(W)
    y_hat = e / e.sum(axis=1, keepdims=True)
    L = -(C * np.log(y_hat)).sum() / T + penalty / 2 * (W**2).sum()
    return float(L), (C.sum(axis=1, keepdims=True) * y_hat - C) / T + penalty * W


# %% What came minus what was predicted
# points: gradient 0


def loss_and_gradient(W, ids, penalty):
    T, C = len(ids) - 1, pair_counts(ids, len(W))
    u = W - W.max(axis=1, keepdims=True)
    log_y_hat = u - np.log(np.exp(u).sum(axis=1, keepdims=True))
    L = -(C * log_y_hat).sum() / T + penalty / 2 * (W**2).sum()
    return float(L), (C - C.sum(axis=1, keepdims=True) * np.exp(log_y_hat)) / T + penalty * W


# %% Summed over the text, not averaged
# points: gradient 0


def loss_and_gradient(W, ids, penalty):
    C = pair_counts(ids, len(W))
    u = W - W.max(axis=1, keepdims=True)
    log_y_hat = u - np.log(np.exp(u).sum(axis=1, keepdims=True))
    L = -(C * log_y_hat).sum() + penalty / 2 * (W**2).sum()
    return float(L), C.sum(axis=1, keepdims=True) * np.exp(log_y_hat) - C + penalty * W


# %% The penalty is in the loss, and missing in the gradient
# points: gradient 0


def loss_and_gradient(W, ids, penalty):
    T, C = len(ids) - 1, pair_counts(ids, len(W))
    u = W - W.max(axis=1, keepdims=True)
    log_y_hat = u - np.log(np.exp(u).sum(axis=1, keepdims=True))
    L = -(C * log_y_hat).sum() / T + penalty / 2 * (W**2).sum()
    return float(L), (C.sum(axis=1, keepdims=True) * np.exp(log_y_hat) - C) / T


# %% A row that is used several times gets only its last gradient
# points: gradient 0


def loss_and_gradient(W, ids, penalty):
    T = len(ids) - 1
    u = W - W.max(axis=1, keepdims=True)
    log_y_hat = u - np.log(np.exp(u).sum(axis=1, keepdims=True))
    L = -log_y_hat[ids[:-1], ids[1:]].mean() + penalty / 2 * (W**2).sum()
    dW = penalty * W
    dW[ids[:-1]] += (np.exp(log_y_hat)[ids[:-1]] - np.eye(len(W))[ids[1:]]) / T
    return float(L), dW


# %% Softmax is applied twice
# points: gradient 0


def loss_and_gradient(W, ids, penalty):
    T, C = len(ids) - 1, pair_counts(ids, len(W))
    u = np.exp(W - W.max(axis=1, keepdims=True))
    u = u / u.sum(axis=1, keepdims=True)
    log_y_hat = u - np.log(np.exp(u).sum(axis=1, keepdims=True))
    L = -(C * log_y_hat).sum() / T + penalty / 2 * (W**2).sum()
    return float(L), (C.sum(axis=1, keepdims=True) * np.exp(log_y_hat) - C) / T + penalty * W


# %% The target is the token that the slit shows
# points: gradient 0


def loss_and_gradient(W, ids, penalty):
    T, C = len(ids) - 1, np.diag(np.bincount(ids[:-1], minlength=len(W)))
    u = W - W.max(axis=1, keepdims=True)
    log_y_hat = u - np.log(np.exp(u).sum(axis=1, keepdims=True))
    L = -(C * log_y_hat).sum() / T + penalty / 2 * (W**2).sum()
    return float(L), (C.sum(axis=1, keepdims=True) * np.exp(log_y_hat) - C) / T + penalty * W


# %% Softmax down the columns
# points: gradient 0


def loss_and_gradient(W, ids, penalty):
    T, C = len(ids) - 1, pair_counts(ids, len(W))
    u = W - W.max(axis=0)
    log_y_hat = u - np.log(np.exp(u).sum(axis=0))
    L = -(C * log_y_hat).sum() / T + penalty / 2 * (W**2).sum()
    return float(L), (C.sum(axis=1, keepdims=True) * np.exp(log_y_hat) - C) / T + penalty * W


# %% The largest logit is subtracted, and the logarithm is taken of what became 0
# points: gradient 3


def loss_and_gradient(W, ids, penalty):
    T, C = len(ids) - 1, pair_counts(ids, len(W))
    e = np.exp(W - W.max(axis=1, keepdims=True))
    y_hat = e / e.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore"):
        L = -np.log(y_hat[ids[:-1], ids[1:]]).mean() + penalty / 2 * (W**2).sum()
    return float(L), (C.sum(axis=1, keepdims=True) * y_hat - C) / T + penalty * W


# %% The loss alone
# points: gradient 0


def loss_and_gradient(W, ids, penalty):
    C = pair_counts(ids, len(W))
    u = W - W.max(axis=1, keepdims=True)
    log_y_hat = u - np.log(np.exp(u).sum(axis=1, keepdims=True))
    return -(C * log_y_hat).sum() / (len(ids) - 1) + penalty / 2 * (W**2).sum()


# %% Right: position by position
# points: all


def loss_and_gradient(W, ids, penalty):
    T, loss, dW = len(ids) - 1, 0.0, penalty * W
    for c, v in zip(ids[:-1], ids[1:]):
        e = np.exp(W[c] - W[c].max())
        S = e.sum()
        loss += (math.log(S) - (W[c, v] - W[c].max())) / T
        dW[c] += e / S / T
        dW[c, v] -= 1 / T
    return loss + penalty / 2 * (W * W).sum(), dW
