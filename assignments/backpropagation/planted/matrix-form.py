"""Ways back through a network with a delay."""

# %% The chapter's backward pass, as if nothing went to the far step
# points: matrix-form 0


def delayed_backward(x, h, dh, W_xh, W_hh, W_dh, d):
    back = np.zeros_like(h)
    back[1:] = dh
    dx, dW_xh = np.zeros_like(x), np.zeros_like(W_xh)
    dW_hh, dW_dh, db_h = np.zeros_like(W_hh), np.zeros_like(W_dh), np.zeros_like(W_hh[0])
    for t in reversed(range(len(x))):
        Delta = back[t + 1] * (1 - h[t + 1] ** 2)
        dW_xh += x[t].T @ Delta
        dW_hh += h[t].T @ Delta
        db_h += Delta.sum(axis=0)
        dx[t] = Delta @ W_xh.T
        back[t] += Delta @ W_hh.T
        if t + 1 >= d:
            dW_dh += h[t + 1 - d].T @ Delta
    return {"W_xh": dW_xh, "W_hh": dW_hh, "W_dh": dW_dh, "b_h": db_h, "x": dx, "h_0": back[0]}


# %% The far state is taken one step too early
# points: matrix-form 0


def delayed_backward(x, h, dh, W_xh, W_hh, W_dh, d):
    back = np.zeros_like(h)
    back[1:] = dh
    dx, dW_xh = np.zeros_like(x), np.zeros_like(W_xh)
    dW_hh, dW_dh, db_h = np.zeros_like(W_hh), np.zeros_like(W_dh), np.zeros_like(W_hh[0])
    for t in reversed(range(len(x))):
        Delta = back[t + 1] * (1 - h[t + 1] ** 2)
        dW_xh += x[t].T @ Delta
        dW_hh += h[t].T @ Delta
        db_h += Delta.sum(axis=0)
        dx[t] = Delta @ W_xh.T
        back[t] += Delta @ W_hh.T
        if t >= d:
            dW_dh += h[t - d].T @ Delta
            back[t - d] += Delta @ W_dh.T
    return {"W_xh": dW_xh, "W_hh": dW_hh, "W_dh": dW_dh, "b_h": db_h, "x": dx, "h_0": back[0]}


# %% Negative indices wrap round to the end
# points: matrix-form 1


def delayed_backward(x, h, dh, W_xh, W_hh, W_dh, d):
    back = np.zeros_like(h)
    back[1:] = dh
    dx, dW_xh = np.zeros_like(x), np.zeros_like(W_xh)
    dW_hh, dW_dh, db_h = np.zeros_like(W_hh), np.zeros_like(W_dh), np.zeros_like(W_hh[0])
    for t in reversed(range(len(x))):
        Delta = back[t + 1] * (1 - h[t + 1] ** 2)
        dW_xh += x[t].T @ Delta
        dW_hh += h[t].T @ Delta
        db_h += Delta.sum(axis=0)
        dx[t] = Delta @ W_xh.T
        back[t] += Delta @ W_hh.T
        if d <= len(x):
            dW_dh += h[t + 1 - d].T @ Delta
            back[t + 1 - d] += Delta @ W_dh.T
    return {"W_xh": dW_xh, "W_hh": dW_hh, "W_dh": dW_dh, "b_h": db_h, "x": dx, "h_0": back[0]}


# %% W_hh is not transposed
# points: matrix-form 0


def delayed_backward(x, h, dh, W_xh, W_hh, W_dh, d):
    back = np.zeros_like(h)
    back[1:] = dh
    dx, dW_xh = np.zeros_like(x), np.zeros_like(W_xh)
    dW_hh, dW_dh, db_h = np.zeros_like(W_hh), np.zeros_like(W_dh), np.zeros_like(W_hh[0])
    for t in reversed(range(len(x))):
        Delta = back[t + 1] * (1 - h[t + 1] ** 2)
        dW_xh += x[t].T @ Delta
        dW_hh += h[t].T @ Delta
        db_h += Delta.sum(axis=0)
        dx[t] = Delta @ W_xh.T
        back[t] += Delta @ W_hh
        if t + 1 >= d:
            dW_dh += h[t + 1 - d].T @ Delta
            back[t + 1 - d] += Delta @ W_dh.T
    return {"W_xh": dW_xh, "W_hh": dW_hh, "W_dh": dW_dh, "b_h": db_h, "x": dx, "h_0": back[0]}


# %% The slope of the tanh is forgotten
# points: matrix-form 0


def delayed_backward(x, h, dh, W_xh, W_hh, W_dh, d):
    back = np.zeros_like(h)
    back[1:] = dh
    dx, dW_xh = np.zeros_like(x), np.zeros_like(W_xh)
    dW_hh, dW_dh, db_h = np.zeros_like(W_hh), np.zeros_like(W_dh), np.zeros_like(W_hh[0])
    for t in reversed(range(len(x))):
        Delta = back[t + 1]
        dW_xh += x[t].T @ Delta
        dW_hh += h[t].T @ Delta
        db_h += Delta.sum(axis=0)
        dx[t] = Delta @ W_xh.T
        back[t] += Delta @ W_hh.T
        if t + 1 >= d:
            dW_dh += h[t + 1 - d].T @ Delta
            back[t + 1 - d] += Delta @ W_dh.T
    return {"W_xh": dW_xh, "W_hh": dW_hh, "W_dh": dW_dh, "b_h": db_h, "x": dx, "h_0": back[0]}


# %% The slope is that of the state before
# points: matrix-form 0


def delayed_backward(x, h, dh, W_xh, W_hh, W_dh, d):
    back = np.zeros_like(h)
    back[1:] = dh
    dx, dW_xh = np.zeros_like(x), np.zeros_like(W_xh)
    dW_hh, dW_dh, db_h = np.zeros_like(W_hh), np.zeros_like(W_dh), np.zeros_like(W_hh[0])
    for t in reversed(range(len(x))):
        Delta = back[t + 1] * (1 - h[t] ** 2)
        dW_xh += x[t].T @ Delta
        dW_hh += h[t].T @ Delta
        db_h += Delta.sum(axis=0)
        dx[t] = Delta @ W_xh.T
        back[t] += Delta @ W_hh.T
        if t + 1 >= d:
            dW_dh += h[t + 1 - d].T @ Delta
            back[t + 1 - d] += Delta @ W_dh.T
    return {"W_xh": dW_xh, "W_hh": dW_hh, "W_dh": dW_dh, "b_h": db_h, "x": dx, "h_0": back[0]}


# %% Only the last use of each matrix counts
# points: matrix-form 1


def delayed_backward(x, h, dh, W_xh, W_hh, W_dh, d):
    back = np.zeros_like(h)
    back[1:] = dh
    dx, dW_xh = np.zeros_like(x), np.zeros_like(W_xh)
    dW_hh, dW_dh, db_h = np.zeros_like(W_hh), np.zeros_like(W_dh), np.zeros_like(W_hh[0])
    for t in reversed(range(len(x))):
        Delta = back[t + 1] * (1 - h[t + 1] ** 2)
        dW_xh = x[t].T @ Delta
        dW_hh = h[t].T @ Delta
        db_h = Delta.sum(axis=0)
        dx[t] = Delta @ W_xh.T
        back[t] += Delta @ W_hh.T
        if t + 1 >= d:
            dW_dh = h[t + 1 - d].T @ Delta
            back[t + 1 - d] += Delta @ W_dh.T
    return {"W_xh": dW_xh, "W_hh": dW_hh, "W_dh": dW_dh, "b_h": db_h, "x": dx, "h_0": back[0]}


# %% What comes back to h_0 is from the first step alone
# points: matrix-form 2


def delayed_backward(x, h, dh, W_xh, W_hh, W_dh, d):
    back = np.zeros_like(h)
    back[1:] = dh
    dx, dW_xh = np.zeros_like(x), np.zeros_like(W_xh)
    dW_hh, dW_dh, db_h = np.zeros_like(W_hh), np.zeros_like(W_dh), np.zeros_like(W_hh[0])
    for t in reversed(range(len(x))):
        Delta = back[t + 1] * (1 - h[t + 1] ** 2)
        dW_xh += x[t].T @ Delta
        dW_hh += h[t].T @ Delta
        db_h += Delta.sum(axis=0)
        dx[t] = Delta @ W_xh.T
        back[t] += Delta @ W_hh.T
        if t + 1 >= d:
            dW_dh += h[t + 1 - d].T @ Delta
            if t + 1 > d:
                back[t + 1 - d] += Delta @ W_dh.T
    return {"W_xh": dW_xh, "W_hh": dW_hh, "W_dh": dW_dh, "b_h": db_h, "x": dx, "h_0": back[0]}


# %% The bias gets the mean over the batch
# points: matrix-form 1


def delayed_backward(x, h, dh, W_xh, W_hh, W_dh, d):
    back = np.zeros_like(h)
    back[1:] = dh
    dx, dW_xh = np.zeros_like(x), np.zeros_like(W_xh)
    dW_hh, dW_dh, db_h = np.zeros_like(W_hh), np.zeros_like(W_dh), np.zeros_like(W_hh[0])
    for t in reversed(range(len(x))):
        Delta = back[t + 1] * (1 - h[t + 1] ** 2)
        dW_xh += x[t].T @ Delta
        dW_hh += h[t].T @ Delta
        db_h += Delta.mean(axis=0)
        dx[t] = Delta @ W_xh.T
        back[t] += Delta @ W_hh.T
        if t + 1 >= d:
            dW_dh += h[t + 1 - d].T @ Delta
            back[t + 1 - d] += Delta @ W_dh.T
    return {"W_xh": dW_xh, "W_hh": dW_hh, "W_dh": dW_dh, "b_h": db_h, "x": dx, "h_0": back[0]}


# %% Everything is float64
# points: matrix-form 3


def delayed_backward(x, h, dh, W_xh, W_hh, W_dh, d):
    back = np.zeros(h.shape)
    back[1:] = dh
    dx, dW_xh = np.zeros_like(x), np.zeros_like(W_xh)
    dW_hh, dW_dh, db_h = np.zeros_like(W_hh), np.zeros_like(W_dh), np.zeros_like(W_hh[0])
    for t in reversed(range(len(x))):
        Delta = back[t + 1] * (1 - h[t + 1] ** 2)
        dW_xh += x[t].T @ Delta
        dW_hh += h[t].T @ Delta
        db_h += Delta.sum(axis=0)
        dx[t] = Delta @ W_xh.T
        back[t] += Delta @ W_hh.T
        if t + 1 >= d:
            dW_dh += h[t + 1 - d].T @ Delta
            back[t + 1 - d] += Delta @ W_dh.T
    return {"W_xh": dW_xh, "W_hh": dW_hh, "W_dh": dW_dh, "b_h": db_h, "x": dx, "h_0": back[0]}


# %% The gradients of the losses are changed in place and never carried on
# points: matrix-form 0


def delayed_backward(x, h, dh, W_xh, W_hh, W_dh, d):
    back = np.zeros_like(h)
    back[1:] = dh
    dx, dW_xh = np.zeros_like(x), np.zeros_like(W_xh)
    dW_hh, dW_dh, db_h = np.zeros_like(W_hh), np.zeros_like(W_dh), np.zeros_like(W_hh[0])
    for t in reversed(range(len(x))):
        Delta = back[t + 1] * (1 - h[t + 1] ** 2)
        dW_xh += x[t].T @ Delta
        dW_hh += h[t].T @ Delta
        db_h += Delta.sum(axis=0)
        dx[t] = Delta @ W_xh.T
        dh[t] += Delta @ W_hh.T
        if t + 1 >= d:
            dW_dh += h[t + 1 - d].T @ Delta
            back[t + 1 - d] += Delta @ W_dh.T
    return {"W_xh": dW_xh, "W_hh": dW_hh, "W_dh": dW_dh, "b_h": db_h, "x": dx, "h_0": back[0]}


# %% The delay must not be longer than the sequence
# points: matrix-form 3


def delayed_backward(x, h, dh, W_xh, W_hh, W_dh, d):
    assert d <= len(x)
    back = np.zeros_like(h)
    back[1:] = dh
    dx, dW_xh = np.zeros_like(x), np.zeros_like(W_xh)
    dW_hh, dW_dh, db_h = np.zeros_like(W_hh), np.zeros_like(W_dh), np.zeros_like(W_hh[0])
    for t in reversed(range(len(x))):
        Delta = back[t + 1] * (1 - h[t + 1] ** 2)
        dW_xh += x[t].T @ Delta
        dW_hh += h[t].T @ Delta
        db_h += Delta.sum(axis=0)
        dx[t] = Delta @ W_xh.T
        back[t] += Delta @ W_hh.T
        if t + 1 >= d:
            dW_dh += h[t + 1 - d].T @ Delta
            back[t + 1 - d] += Delta @ W_dh.T
    return {"W_xh": dW_xh, "W_hh": dW_hh, "W_dh": dW_dh, "b_h": db_h, "x": dx, "h_0": back[0]}


# %% Right: what comes back is fetched from later steps, and products are taken after the loop
# points: all


def delayed_backward(x, h, dh, W_xh, W_hh, W_dh, d):
    T, N, D = x.shape
    Delta = [None] * T
    for t in range(T - 1, -1, -1):
        come = dh[t]
        if t + 1 < T:
            come = come + Delta[t + 1] @ W_hh.T
        if t + d < T:
            come = come + Delta[t + d] @ W_dh.T
        Delta[t] = come * (1 - h[t + 1] ** 2)
    Delta = np.stack(Delta)
    h_0 = Delta[0] @ W_hh.T
    if T >= d:
        h_0 = h_0 + Delta[d - 1] @ W_dh.T
    late = max(T - d + 1, 0)
    return {
        "W_xh": np.einsum("tnd,tnh->dh", x, Delta),
        "W_hh": np.einsum("tnd,tnh->dh", h[:-1], Delta),
        "W_dh": np.einsum("tnd,tnh->dh", h[:late], Delta[T - late :]),
        "b_h": Delta.sum(axis=(0, 1)),
        "x": Delta @ W_xh.T,
        "h_0": h_0,
    }
