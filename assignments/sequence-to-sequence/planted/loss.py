"""Ways to take the loss of a padded batch."""

# %% All places are counted, padding too
# points: loss 1


def masked_loss(u, y, mask):
    y = np.where(mask, y, 0)[..., None]
    u = u - u.max(axis=-1, keepdims=True)
    log_p = u - np.log(np.exp(u).sum(axis=-1, keepdims=True))
    loss = -np.take_along_axis(log_p, y, axis=-1).mean()
    target = np.zeros_like(u)
    np.put_along_axis(target, y, 1.0, axis=-1)
    return float(loss), ((np.exp(log_p) - target) / mask.size).astype(u.dtype)


# %% Padding is left out of the sum, and counted in the number it is divided by
# points: loss 2


def masked_loss(u, y, mask):
    weights = mask / mask.size
    y = np.where(mask, y, 0)[..., None]
    u = u - u.max(axis=-1, keepdims=True)
    log_p = u - np.log(np.exp(u).sum(axis=-1, keepdims=True))
    loss = -(weights * np.take_along_axis(log_p, y, axis=-1)[..., 0]).sum()
    target = np.zeros_like(u)
    np.put_along_axis(target, y, 1.0, axis=-1)
    return float(loss), (weights[..., None] * (np.exp(log_p) - target)).astype(u.dtype)


# %% Another mean than the sheet's
# points: loss 2


def masked_loss(u, y, mask):
    weights = {{other_weights}}
    y = np.where(mask, y, 0)[..., None]
    u = u - u.max(axis=-1, keepdims=True)
    log_p = u - np.log(np.exp(u).sum(axis=-1, keepdims=True))
    loss = -(weights * np.take_along_axis(log_p, y, axis=-1)[..., 0]).sum()
    target = np.zeros_like(u)
    np.put_along_axis(target, y, 1.0, axis=-1)
    return float(loss), (weights[..., None] * (np.exp(log_p) - target)).astype(u.dtype)


# %% The softmax overflows
# points: loss 2


def masked_loss(u, y, mask):
    weights = {{weights}}
    y = np.where(mask, y, 0)[..., None]
    p = np.exp(u) / np.exp(u).sum(axis=-1, keepdims=True)
    loss = -(weights * np.log(np.take_along_axis(p, y, axis=-1)[..., 0])).sum()
    target = np.zeros_like(u)
    np.put_along_axis(target, y, 1.0, axis=-1)
    return float(loss), (weights[..., None] * (p - target)).astype(u.dtype)


# %% The gradient is float64 whatever the scores are
# points: loss 3


right_loss = masked_loss


def masked_loss(u, y, mask):
    return right_loss(u.astype(float), y, mask)


# %% The targets of the padding are used as indices
# points: loss 3


def masked_loss(u, y, mask):
    weights = {{weights}}
    y = y[..., None]
    u = u - u.max(axis=-1, keepdims=True)
    log_p = u - np.log(np.exp(u).sum(axis=-1, keepdims=True))
    loss = -(weights * np.take_along_axis(log_p, y, axis=-1)[..., 0]).sum()
    target = np.zeros_like(u)
    np.put_along_axis(target, y, 1.0, axis=-1)
    return float(loss), (weights[..., None] * (np.exp(log_p) - target)).astype(u.dtype)


# %% The gradient is that of the sum, not of the mean
# points: loss 2


right_loss = masked_loss


def masked_loss(u, y, mask):
    loss, du = right_loss(u, y, mask)
    weights = {{weights}}
    return loss, du / np.where(mask, weights, 1.0)[..., None].astype(u.dtype)


# %% Target minus prediction
# points: loss 1


right_loss = masked_loss


def masked_loss(u, y, mask):
    loss, du = right_loss(u, y, mask)
    return loss, -du


# %% The padding of the gradient is not 0
# points: loss 1


right_loss = masked_loss


def masked_loss(u, y, mask):
    loss, du = right_loss(u, y, mask)
    return loss, du + np.where(mask[..., None], 0, np.exp(u - u.max())).astype(u.dtype)


# %% Right: only the true tokens are touched, one sentence after another
# points: all


def masked_loss(u, y, mask):
    weights = {{weights}}
    du, loss = np.zeros_like(u), 0.0
    for n in range(u.shape[1]):
        for t in np.flatnonzero(mask[:, n]):
            row = u[t, n].astype(float)
            row = row - row.max()
            log_sum = np.log(np.exp(row).sum())
            loss += weights[t, n] * (log_sum - row[y[t, n]])
            p = np.exp(row - log_sum)
            p[y[t, n]] -= 1
            du[t, n] = weights[t, n] * p
    return loss, du


# %% No loss at all, and ones for a gradient
# points: loss 0


def masked_loss(u, y, mask):
    return 0.0, (mask[..., None] * np.ones(u.shape)).astype(u.dtype)
