"""Ways to leave a mistake in, or to make another one."""

# %% The reader reads on through the padding
# points: bugs 4

right_forward = forward


def forward(p, source, source_mask, inputs):
    return right_forward(p, source, np.ones_like(source_mask), inputs)


# %% In the padding the state becomes 0
# points: bugs 4


def forward(p, source, source_mask, inputs):
    (S, N), T, H = source.shape, len(inputs), len(p["b_h"])
    h, s = np.zeros((S + 1, N, H)), np.zeros((T + 1, N, H))
    for k in range(S):
        a = p["E_x"][source[k]] @ p["W_xh"] + h[k] @ p["W_hh"] + p["b_h"]
        h[k + 1] = source_mask[k][:, None] * np.tanh(a)
    s[0] = h[S]
    for t in range(T):
        s[t + 1] = np.tanh(p["E_y"][inputs[t]] @ p["W_ys"] + s[t] @ p["W_ss"] + p["b_s"])
    return s[1:] @ p["W_sy"] + p["b_y"], (h, s)


# %% The writer does not get the card
# points: bugs 4


def forward(p, source, source_mask, inputs):
    (S, N), T, H = source.shape, len(inputs), len(p["b_h"])
    h, s = np.zeros((S + 1, N, H)), np.zeros((T + 1, N, H))
    for k in range(S):
        a = p["E_x"][source[k]] @ p["W_xh"] + h[k] @ p["W_hh"] + p["b_h"]
        h[k + 1] = np.where(source_mask[k][:, None], np.tanh(a), h[k])
    for t in range(T):
        s[t + 1] = np.tanh(p["E_y"][inputs[t]] @ p["W_ys"] + s[t] @ p["W_ss"] + p["b_s"])
    return s[1:] @ p["W_sy"] + p["b_y"], (h, s)


# %% Nothing comes back to the reader
# points: bugs 3


right_backward = backward


def backward(p, source, source_mask, inputs, tape, du):
    grads = right_backward(p, source, source_mask, inputs, tape, du)
    return {name: g * (name not in ("E_x", "W_xh", "W_hh", "b_h")) for name, g in grads.items()}


# %% The way back takes the padding for tokens
# points: bugs 3


right_backward = backward


def backward(p, source, source_mask, inputs, tape, du):
    return right_backward(p, source, np.ones_like(source_mask), inputs, tape, du)


# %% A token that occurs twice at a step counts once, in both embeddings
# points: bugs 3


def backward(p, source, source_mask, inputs, tape, du):
    h, s = tape
    grads = {name: np.zeros_like(value) for name, value in p.items()}
    grads["W_sy"], grads["b_y"] = np.einsum("tnh,tnv->hv", s[1:], du), du.sum(axis=(0, 1))
    back = np.zeros_like(s[0])
    for t in reversed(range(len(inputs))):
        da = (du[t] @ p["W_sy"].T + back) * (1 - s[t + 1] ** 2)
        grads["W_ys"] += p["E_y"][inputs[t]].T @ da
        grads["W_ss"] += s[t].T @ da
        grads["b_s"] += da.sum(axis=0)
        grads["E_y"][inputs[t]] += da @ p["W_ys"].T
        back = da @ p["W_ss"].T
    for k in reversed(range(len(source))):
        m = source_mask[k][:, None]
        da = m * back * (1 - h[k + 1] ** 2)
        grads["W_xh"] += p["E_x"][source[k]].T @ da
        grads["W_hh"] += h[k].T @ da
        grads["b_h"] += da.sum(axis=0)
        grads["E_x"][source[k]] += da @ p["W_xh"].T
        back = da @ p["W_hh"].T + (1 - m) * back
    return grads


# %% The decoder reads what it has to write
# points: bugs 3


def one_update(p, batch, loss, rate, limit):
    source, source_mask, inputs, targets, target_mask = batch
    u, tape = forward(p, source, source_mask, targets)
    value, du = loss(u, targets, target_mask)
    grads = backward(p, source, source_mask, targets, tape, du)
    factor = min(1.0, limit / np.sqrt(sum((g**2).sum() for g in grads.values())))
    return value, {name: p[name] - rate * factor * grads[name] for name in p}


# %% The loss counts the padding
# points: bugs 3


right_update = one_update


def one_update(p, batch, loss, rate, limit):
    everywhere = lambda u, y, mask: loss(u, y, np.ones_like(mask))
    return right_update(p, batch, everywhere, rate, limit)


# %% Each parameter's gradient is clipped by its own norm
# points: bugs 3


def one_update(p, batch, loss, rate, limit):
    source, source_mask, inputs, targets, target_mask = batch
    u, tape = forward(p, source, source_mask, inputs)
    value, du = loss(u, targets, target_mask)
    grads = backward(p, source, source_mask, inputs, tape, du)
    own = {name: min(1.0, limit / np.sqrt((g**2).sum())) for name, g in grads.items()}
    return value, {name: p[name] - rate * own[name] * grads[name] for name in p}


# %% The gradient is always brought to the limit, also where it was smaller
# points: bugs 3


def one_update(p, batch, loss, rate, limit):
    source, source_mask, inputs, targets, target_mask = batch
    u, tape = forward(p, source, source_mask, inputs)
    value, du = loss(u, targets, target_mask)
    grads = backward(p, source, source_mask, inputs, tape, du)
    factor = limit / np.sqrt(sum((g**2).sum() for g in grads.values()))
    return value, {name: p[name] - rate * factor * grads[name] for name in p}


# %% All three are left as they were: the padding read, the card's way back missing, inputs rolled
# points: bugs 0


right_forward, right_backward = forward, backward


def forward(p, source, source_mask, inputs):
    return right_forward(p, source, np.ones_like(source_mask), inputs)


def backward(p, source, source_mask, inputs, tape, du):
    grads = right_backward(p, source, source_mask, inputs, tape, du)
    return {name: g * (name not in ("E_x", "W_xh", "W_hh", "b_h")) for name, g in grads.items()}


right_update = one_update


def one_update(p, batch, loss, rate, limit):
    source, source_mask, inputs, targets, target_mask = batch
    rolled = source, source_mask, np.roll(targets, 1, axis=0), targets, target_mask
    return right_update(p, rolled, loss, rate, limit)


# %% Right: every sentence by itself, cut to its length
# points: all


def forward(p, source, source_mask, inputs):
    (S, N), T, H = source.shape, len(inputs), len(p["b_h"])
    h, s = np.zeros((S + 1, N, H)), np.zeros((T + 1, N, H))
    for n in range(N):
        L = source_mask[:, n].sum()
        for k in range(L):
            x = p["E_x"][source[k, n]]
            h[k + 1, n] = np.tanh(x @ p["W_xh"] + h[k, n] @ p["W_hh"] + p["b_h"])
        h[L:, n] = h[L, n]
        s[0, n] = h[L, n]
        for t in range(T):
            y = p["E_y"][inputs[t, n]]
            s[t + 1, n] = np.tanh(y @ p["W_ys"] + s[t, n] @ p["W_ss"] + p["b_s"])
    return s[1:] @ p["W_sy"] + p["b_y"], (h, s)


def one_update(p, batch, loss, rate, limit):
    source, source_mask, inputs, targets, target_mask = batch
    u, tape = forward(p, source, source_mask, inputs)
    value, du = loss(u, targets, target_mask)
    grads = backward(p, source, source_mask, inputs, tape, du)
    norm = sum(float((g * g).sum()) for g in grads.values()) ** 0.5
    if norm > limit:
        grads = {name: g * limit / norm for name, g in grads.items()}
    return value, {name: p[name] - rate * grads[name] for name in p}
